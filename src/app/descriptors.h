#pragma once
#include <cstddef>

// What the system lets this process have open at once, shared out: the broker, the database, the
// log and the files come first, so that strangers who open connections and say nothing never keep
// an order or a login from leaving.
namespace hmt::app {

// Raises this process's own limit to what the system allows, 65,536 at the most, and returns it.
std::size_t raise_descriptor_limit();

// How many of so many the API may take; at the most what a server takes anyway.
std::size_t connections_within(std::size_t descriptors);

}  // namespace hmt::app
