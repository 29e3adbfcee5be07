#include "replay/byte_source.h"

#include <zlib.h>

#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replay/zstd_source.h"

namespace thalweg {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::size_t kInflatedChunkBytes = std::size_t{256} << 10;

// Stored bytes are the text.
class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(StoredInput input) : ByteSource(std::move(input)) {}

  ChunkVerdict Next(Chunk* chunk) override {
    if (end() != FileEnd::kOpen) return ChunkVerdict::kEnd;
    if (!input_.Fill(1)) {
      EndOfInput(FileEnd::kWhole, {});
      return ChunkVerdict::kEnd;
    }
    *chunk = {input_.view(), false};
    input_.Consume(input_.view().size());
    return ChunkVerdict::kChunk;
  }
};

// Any number of gzip members, then any number of zero bytes (a tape's or a block's padding).
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(StoredInput input) : ByteSource(std::move(input)) {
    buffer_.Grow(kInflatedChunkBytes, 0);
    constexpr int kWindowBits = 15;
    constexpr int kGzipOnly = 16;
    ready_ = inflateInit2(&stream_, kWindowBits + kGzipOnly) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  ChunkVerdict Next(Chunk* chunk) override {
    if (!ready_) End(FileEnd::kDamaged, {0, "no memory for zlib"});
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = kInflatedChunkBytes;
    while (end() == FileEnd::kOpen && stream_.avail_out != 0) {
      if (in_member_) {
        Inflate();
      } else {
        BeginMember();
      }
    }
    const std::size_t inflated = kInflatedChunkBytes - stream_.avail_out;
    if (inflated == 0) return ChunkVerdict::kEnd;
    *chunk = {{buffer_.data(), inflated}, false};
    return ChunkVerdict::kChunk;
  }

 private:
  void BeginMember() {
    if (input_.Fill(kGzipMagic.size()) && input_.view().starts_with(kGzipMagic)) {
      inflateReset(&stream_);
      in_member_ = true;
    } else if (!input_.view().empty() && kGzipMagic.starts_with(input_.view())) {
      EndOfInput(FileEnd::kCut, "the file is cut off in a gzip header");
    } else {
      SkipZeros();
    }
  }

  void SkipZeros() {
    while (input_.Fill(1)) {
      const std::size_t rest = input_.view().find_first_not_of('\0');
      input_.Consume(rest == std::string_view::npos ? input_.view().size() : rest);
      if (rest == std::string_view::npos) continue;
      End(FileEnd::kDamaged, {input_.offset(), "neither a gzip member nor zeros up to the end"});
      return;
    }
    EndOfInput(FileEnd::kWhole, {});
  }

  void Inflate() {
    if (!input_.Fill(1)) {
      EndOfInput(FileEnd::kCut, "the file is cut off in a gzip member");
      return;
    }
    const std::string_view stored = input_.view();
    stream_.next_in = reinterpret_cast<z_const Bytef*>(const_cast<char*>(stored.data()));
    stream_.avail_in = static_cast<uInt>(stored.size());
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input_.Consume(stored.size() - stream_.avail_in);
    if (code == Z_STREAM_END) {
      in_member_ = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      End(FileEnd::kDamaged, {input_.offset(), Reason(code)});
    }
  }

  std::string Reason(int code) const {
    return absl::StrCat("gzip: ", stream_.msg != nullptr ? stream_.msg : zError(code),
                        "; a member is checked only at its end, so lines of this one that were "
                        "already handed out may be wrong");
  }

  z_stream stream_{};
  PaddedBuffer buffer_;
  bool ready_ = false;
  bool in_member_ = false;
};

}  // namespace

bool BeginsAs(std::string_view head, std::string_view magic) noexcept {
  if (head.size() < magic.size()) return !head.empty() && magic.starts_with(head);
  int flipped_bits = 0;
  for (std::size_t i = 0; i < magic.size(); ++i) {
    flipped_bits += std::popcount(static_cast<unsigned char>(head[i] ^ magic[i]));
  }
  return flipped_bits <= 1;
}

void ByteSource::End(FileEnd end, FileDefect fault) {
  end_ = end;
  fault_ = std::move(fault);
}

void ByteSource::EndOfInput(FileEnd end, std::string_view reason) {
  if (input_.error().ok()) {
    End(end, {input_.offset(), std::string(reason)});
  } else {
    const std::int64_t readable = input_.offset() + static_cast<std::int64_t>(input_.view().size());
    End(FileEnd::kDamaged, {readable, absl::StrCat("cannot read on: ", input_.error().message())});
  }
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenByteSource(
    std::unique_ptr<StoredFile> file, const RecordingReader::Options& options) {
  StoredInput input(std::move(file));
  const bool any = input.Fill(1);
  if (!any && !input.error().ok()) {
    return absl::UnavailableError(absl::StrCat(input.file().path(), ": ", input.error().message()));
  }
  // A shorter file is told apart by what there is of its magic.
  (void)input.Fill(kZstdMagicBytes);
  const std::string_view head = input.view().substr(0, kZstdMagicBytes);
  if (BeginsAs(head, kGzipMagic)) return std::make_unique<GzipSource>(std::move(input));
  if (BeginsAsZstd(head)) return MakeZstdSource(std::move(input), options.salvage);
  return std::make_unique<PlainSource>(std::move(input));
}

}  // namespace thalweg
