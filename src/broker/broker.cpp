#include "broker/gateway.h"
#include "broker/market_stream.h"
