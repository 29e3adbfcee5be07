#include "replay/zstd_source.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

constexpr std::string_view kFrameMagic = "\x28\xb5\x2f\xfd";
// A skippable frame begins with a byte 0x50 to 0x5f and these, then its size in four bytes.
constexpr std::string_view kSkippableMagicTail = "\x2a\x4d\x18";
constexpr std::size_t kSkippableHeaderBytes = 8;
static_assert(kFrameMagic.size() == kZstdMagicBytes);

// A frame that turned out larger than what is held goes on in pieces that stay in the cache.
constexpr std::size_t kStreamedPieceBytes = std::size_t{256} << 10;
constexpr std::size_t kFirstBufferBytes = std::size_t{256} << 10;
// One more byte than is held tells a frame of just that size from a larger one.
constexpr std::size_t kBufferBytesMax = kHeldFrameBytes + 1;

// A wrong block size swallows at most 128 KiB, so the last frame of a file begins, when it was
// swallowed, no farther from the end than this.
constexpr std::int64_t kSwallowedBytesMax = std::int64_t{256} << 10;

constexpr char kStreamedRemark[] =
    "; it is too large to be verified first, so lines of it were already handed out";

bool IsSkippable(std::string_view head) noexcept {
  return !head.empty() && (static_cast<unsigned char>(head.front()) & 0xF0) == 0x50 &&
         kSkippableMagicTail.starts_with(head.substr(1, kSkippableMagicTail.size()));
}

std::int64_t SkippableBytes(std::string_view header) noexcept {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, header.data() + kZstdMagicBytes, sizeof bytes);
  return static_cast<std::int64_t>(kSkippableHeaderBytes) + bytes;
}

// The bytes that follow the first of a UTF-8 sequence; -1 when `lead` begins none.
int FollowingBytes(unsigned char lead) noexcept {
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return -1;
}

bool IsTextByte(unsigned char byte) noexcept {
  return (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r' || byte == '\t';
}

// Whether these bytes can be of a recording: UTF-8 without control characters, which JSON forbids.
// Both ends may be in mid-character.
bool IsText(std::string_view bytes) noexcept {
  const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (int i = 0; i < 3 && !bytes.empty() && goes_on(bytes.front()); ++i) bytes.remove_prefix(1);
  int following = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (following > 0) {
      if (!goes_on(c)) return false;
      --following;
    } else if (!IsTextByte(byte)) {
      following = FollowingBytes(byte);
      if (following < 0) return false;
    }
  }
  return true;
}

class ZstdSource final : public ByteSource {
 public:
  ZstdSource(StoredInput input, bool salvage)
      : ByteSource(std::move(input)), salvage_(salvage), context_(ZSTD_createDCtx()) {
    buffer_.Grow(kFirstBufferBytes, 0);
  }

  ChunkVerdict Next(Chunk* chunk) override;

 private:
  enum class Step : std::uint8_t { kGoOn, kChunk, kDamage };

  [[nodiscard]] Step BeginFrame();
  [[nodiscard]] Step BeginSkippable();
  [[nodiscard]] Step Skip();
  [[nodiscard]] Step Decode();
  [[nodiscard]] Step OutOfInput();
  [[nodiscard]] Step Damage(std::string_view reason);
  [[nodiscard]] Step Advance();

  [[nodiscard]] bool SwallowedAFrame();
  [[nodiscard]] bool Resume();
  [[nodiscard]] std::size_t Room();

  enum class State : std::uint8_t { kBetween, kSkipping, kHeld, kStreamed };

  const bool salvage_;
  const std::unique_ptr<ZSTD_DCtx, decltype([](ZSTD_DCtx* c) { ZSTD_freeDCtx(c); })> context_;
  PaddedBuffer buffer_;
  std::size_t filled_ = 0;  // Of the buffer, with what the next chunk will be.
  State state_ = State::kBetween;
  std::int64_t frame_start_ = 0;
  std::int64_t skip_bytes_ = 0;
  bool in_hole_ = false;    // Damage was found, and nothing good after it yet.
  bool chunk_due_ = false;  // The chunk after a hole waits for the next call.
};

ChunkVerdict ZstdSource::Next(Chunk* chunk) {
  if (!std::exchange(chunk_due_, false)) {
    filled_ = 0;
    Step step = Step::kGoOn;
    while (step != Step::kChunk && end() == FileEnd::kOpen) {
      step = Advance();
      if (step == Step::kDamage && !Resume()) End(FileEnd::kDamaged, hole_);
    }
    if (step != Step::kChunk) return ChunkVerdict::kEnd;
    if (std::exchange(in_hole_, false)) {
      chunk_due_ = true;
      return ChunkVerdict::kHole;
    }
  }
  *chunk = {{buffer_.data(), filled_}, state_ == State::kBetween};
  return ChunkVerdict::kChunk;
}

ZstdSource::Step ZstdSource::Advance() {
  switch (state_) {
    case State::kBetween:
      return BeginFrame();
    case State::kSkipping:
      return Skip();
    case State::kHeld:
    case State::kStreamed:
      break;
  }
  return Decode();
}

ZstdSource::Step ZstdSource::BeginFrame() {
  frame_start_ = input_.offset();
  const bool enough = input_.Fill(kZstdMagicBytes);
  const std::string_view head = input_.view().substr(0, kZstdMagicBytes);
  if (head.empty() || !input_.error().ok()) {
    EndOfInput(FileEnd::kWhole, {});
    return Step::kGoOn;
  }
  if (!IsSkippable(head) && !kFrameMagic.starts_with(head)) {
    return Damage("it has no magic number");
  }
  if (!enough) {
    EndOfInput(FileEnd::kCut, "the file is cut off where a zstd frame begins");
    return Step::kGoOn;
  }
  if (IsSkippable(head)) return BeginSkippable();
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  state_ = State::kHeld;
  return Step::kGoOn;
}

ZstdSource::Step ZstdSource::BeginSkippable() {
  if (!input_.Fill(kSkippableHeaderBytes)) return OutOfInput();
  skip_bytes_ = SkippableBytes(input_.view());
  state_ = State::kSkipping;
  return Step::kGoOn;
}

ZstdSource::Step ZstdSource::Skip() {
  if (skip_bytes_ != 0 && !input_.Fill(1)) return OutOfInput();
  const auto step = std::min(skip_bytes_, static_cast<std::int64_t>(input_.view().size()));
  input_.Consume(static_cast<std::size_t>(step));
  skip_bytes_ -= step;
  if (skip_bytes_ == 0) state_ = State::kBetween;
  return Step::kGoOn;
}

// The bytes that may be decoded into the buffer now; 0 when a chunk of a streamed frame is full.
std::size_t ZstdSource::Room() {
  if (state_ == State::kStreamed) return kStreamedPieceBytes - filled_;
  if (filled_ == buffer_.capacity()) {
    buffer_.Grow(std::min(2 * buffer_.capacity(), kBufferBytesMax), filled_);
  }
  return buffer_.capacity() - filled_;
}

ZstdSource::Step ZstdSource::Decode() {
  const std::size_t room = Room();
  if (room == 0) {
    state_ = State::kStreamed;
    return Step::kChunk;
  }
  (void)input_.Fill(1);
  ZSTD_inBuffer in{input_.view().data(), input_.view().size(), 0};
  ZSTD_outBuffer out{buffer_.data() + filled_, room, 0};
  const std::size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(code) != 0) return Damage(ZSTD_getErrorName(code));
  input_.Consume(in.pos);
  filled_ += out.pos;
  if (code == 0) {
    state_ = State::kBetween;
    return Step::kChunk;
  }
  return in.pos == 0 && out.pos == 0 ? OutOfInput() : Step::kGoOn;
}

// The stored bytes end within a frame. What was decoded of it is handed out: that is what a writer
// flushed before it was stopped. No checksum vouches for it, but two kinds of damage that look like
// a cut are told apart: what swallows the next frame, and what makes text of packed bytes.
ZstdSource::Step ZstdSource::OutOfInput() {
  if (!IsText({buffer_.data(), filled_})) {
    return Damage("it is cut off, and what is there is no text");
  }
  if (!input_.error().ok()) {
    EndOfInput(FileEnd::kDamaged, {});
    return Step::kChunk;
  }
  const std::int64_t cut_at = input_.offset() + static_cast<std::int64_t>(input_.view().size());
  if (SwallowedAFrame()) return Damage("it runs over the beginning of the next one");
  End(FileEnd::kCut, {cut_at, "the file is cut off in a zstd frame"});
  return Step::kChunk;
}

// A damaged block size can make the last frames of a file look like one that is cut off.
bool ZstdSource::SwallowedAFrame() {
  const std::int64_t farthest = input_.farthest();
  return input_.SeekTo(std::max(frame_start_ + 1, farthest - kSwallowedBytesMax)) &&
         input_.SeekPattern(kFrameMagic);
}

ZstdSource::Step ZstdSource::Damage(std::string_view reason) {
  if (!in_hole_) {  // What led into the hole is the damage that it is reported with.
    hole_ = {frame_start_, absl::StrCat("no good zstd frame begins here: ", std::string(reason),
                                        state_ == State::kStreamed ? kStreamedRemark : "")};
  }
  filled_ = 0;
  state_ = State::kBetween;
  return Step::kDamage;
}

// Goes to the next frame that may be good. The damaged one may have claimed more bytes than it has,
// so the search begins right behind its own magic number.
bool ZstdSource::Resume() {
  if (!salvage_) return false;
  in_hole_ = true;
  (void)input_.SeekTo(frame_start_ + 1);
  return input_.SeekPattern(kFrameMagic);
}

}  // namespace

bool BeginsAsZstd(std::string_view head) noexcept {
  return IsSkippable(head) || BeginsAs(head, kFrameMagic);
}

std::unique_ptr<ByteSource> MakeZstdSource(StoredInput input, bool salvage) {
  return std::make_unique<ZstdSource>(std::move(input), salvage);
}

}  // namespace thalweg
