#pragma once
// The contract test of the store: what every backend promises. A backend's test includes this in
// one .cpp and gives its factory:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values(...),
//   hmt::store::backend_name);
#include "store/contract_claims.h"
#include "store/contract_connections.h"
#include "store/contract_people.h"
#include "store/contract_reads.h"
#include "store/contract_records.h"
