// Unpacks a file of zstd frames, each of them verified before it is handed out, and finds the way
// back into the file after damage.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "replay/byte_source.h"

namespace thalweg {

inline constexpr std::size_t kZstdMagicBytes = 4;

// Whether the first kZstdMagicBytes of a file, or all it has, begin a zstd frame (BeginsAs) or a
// skippable one.
[[nodiscard]] bool BeginsAsZstd(std::string_view head) noexcept;

// With `salvage` the source goes on at the next zstd frame after damage. A file that cannot go back
// (a pipe) is searched only from where the damage showed itself.
[[nodiscard]] std::unique_ptr<ByteSource> MakeZstdSource(StoredInput input, bool salvage);

}  // namespace thalweg
