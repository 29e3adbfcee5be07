// Whether a book's buckets are what its levels say, told from the definition alone.
//
// Every level is put in its bucket anew, by division, for each size and side; nothing of
// book/bucket_ladder.h is used but what it shows. Slow: a walk of the whole book for each size.
// Threads: pure functions.
#pragma once

#include "book/order_book.h"

namespace thalweg {

[[nodiscard]] bool BucketsAreTheLevels(const OrderBook& book, BucketRounding rounding);

}  // namespace thalweg
