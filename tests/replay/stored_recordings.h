// Recordings made in memory, packed and damaged, and what a reader makes of them.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/decode/frame.h"
#include "replay/recording_reader.h"
#include "replay/stored_file.h"

namespace thalweg {

inline std::string Gzip(std::string_view text, int level = 9) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct ZstdOptions {
  bool checksum = true;
  bool content_size = false;    // As a frame that is written while its end is unknown.
  std::size_t flush_bytes = 0;  // A block ends after each so many bytes; 0: never for this reason.
};

inline std::string Zstd(std::string_view text, const ZstdOptions& options = {}) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, options.checksum ? 1 : 0);
  if (options.content_size) ZSTD_CCtx_setPledgedSrcSize(context, text.size());
  std::string packed(ZSTD_compressBound(text.size()) + text.size() + 1024, '\0');
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  const std::size_t step = options.flush_bytes == 0 ? text.size() : options.flush_bytes;
  while (options.flush_bytes != 0 && text.size() > step) {
    ZSTD_inBuffer in{text.data(), step, 0};
    while (ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush) != 0) {
    }
    text.remove_prefix(step);
  }
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  return packed;
}

inline std::string Skippable(std::string_view content) {
  std::string frame("\x53\x2a\x4d\x18", 4);
  const auto bytes = static_cast<std::uint32_t>(content.size());
  frame.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
  return frame.append(content);
}

// A stored file that lies in memory, in reads of at most `read_bytes`, with a read error at
// `error_at`.
class MemoryFile final : public StoredFile {
 public:
  explicit MemoryFile(std::string bytes, std::size_t read_bytes = SIZE_MAX,
                      std::size_t error_at = SIZE_MAX)
      : bytes_(std::move(bytes)), read_bytes_(read_bytes), error_at_(error_at) {}

  absl::StatusOr<std::size_t> Read(std::span<char> out) override {
    if (at_ >= error_at_) return absl::UnavailableError("Input/output error");
    const std::size_t bytes =
        std::min({out.size(), read_bytes_, std::min(bytes_.size(), error_at_) - at_});
    if (bytes != 0) std::memcpy(out.data(), bytes_.data() + at_, bytes);
    at_ += bytes;
    return bytes;
  }
  bool Seek(std::int64_t offset) override {
    at_ = std::min(static_cast<std::size_t>(offset), bytes_.size());
    return true;
  }
  const std::string& path() const noexcept override { return path_; }
  std::int64_t bytes_total() const noexcept override {
    return static_cast<std::int64_t>(bytes_.size());
  }

 private:
  const std::string path_ = "memory.zst";
  const std::string bytes_;
  const std::size_t read_bytes_;
  const std::size_t error_at_;
  std::size_t at_ = 0;
};

// What a reader gave. A hole is a line of its own here.
struct Reading {
  std::vector<std::string> lines;
  FileEnd end = FileEnd::kOpen;
  std::string message;
  std::int64_t hole_count = 0;
  std::int64_t line_number = 0;
};

inline constexpr std::string_view kHoleLine = "(hole)";

// Touches every byte that must be readable around a line, for the sanitizers.
inline void TouchPadding(std::string_view line) {
  const char* begin = line.data() - kPayloadPadding;
  const char* end = line.data() + line.size() + kPayloadPadding;
  volatile int sum = 0;
  sum = std::accumulate(begin, line.data(), sum);
  sum = std::accumulate(end - kPayloadPadding, end, sum);
}

inline Reading ReadAll(RecordingReader& reader) {
  Reading reading;
  std::string_view line;
  ReadVerdict verdict = reader.Next(&line);
  for (; verdict != ReadVerdict::kEnd; verdict = reader.Next(&line)) {
    if (verdict == ReadVerdict::kHole) line = kHoleLine;
    if (verdict == ReadVerdict::kLine) TouchPadding(line);
    reading.lines.emplace_back(line);
  }
  EXPECT_EQ(reader.Next(&line), ReadVerdict::kEnd) << "An end is final.";
  reading.end = reader.end();
  reading.message = std::string(reader.status().message());
  reading.hole_count = reader.hole_count();
  reading.line_number = reader.line_number();
  return reading;
}

inline std::unique_ptr<RecordingReader> OpenFile(std::unique_ptr<StoredFile> file,
                                                 bool salvage = false) {
  auto reader = RecordingReader::Open(std::move(file), {.salvage = salvage});
  EXPECT_TRUE(reader.ok()) << reader.status();
  return *std::move(reader);
}

inline std::unique_ptr<RecordingReader> OpenBytes(std::string_view bytes, bool salvage = false) {
  return OpenFile(std::make_unique<MemoryFile>(std::string(bytes)), salvage);
}

inline Reading ReadBytes(std::string_view bytes, bool salvage = false) {
  return ReadAll(*OpenBytes(bytes, salvage));
}

// `count` lines of a recording from number `first` on.
inline std::vector<std::string> SomeLines(int first, int count) {
  std::vector<std::string> lines;
  for (int i = first; i < first + count; ++i) {
    const std::string number = std::to_string(i);
    lines.push_back("17231612550303" + std::to_string(10'000 + i) +
                    R"( {"stream":"btcusdt@trade","t":)" + number + R"(,"p":"61)" +
                    std::to_string(i * 7919 % 1000) + ".5" + number + R"("})");
  }
  return lines;
}

inline std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(line).push_back('\n');
  return text;
}

}  // namespace thalweg
