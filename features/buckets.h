// Group Buckets: imbalances over 15 dense buckets a side, for each bucket size (2 features a size).
//
// Order: imbalance of every size, then log ratio of every size. NaN on a one-sided or crossed book.
// Threads: pure function; allocates nothing.
#pragma once

#include "features/book_picture.h"

namespace thalweg {

// Writes 2 * book.bucket_size_count() values.
void ComputeBuckets(const BookPicture& picture, double* out) noexcept;

}  // namespace thalweg
