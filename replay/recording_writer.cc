#include "replay/recording_writer.h"

#include <zstd.h>

#include <cassert>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"

namespace thalweg {
namespace {

// Level 1 is faster than level 3, and smaller too on text that is flushed this often. A window of a
// frame's size is all that can be of use.
constexpr int kCompressionLevel = 1;
constexpr int kWindowBits = 20;
static_assert(kFrameTextBytes == std::size_t{1} << kWindowBits);

constexpr std::string_view kDiskFull = "disk full";
constexpr std::string_view kLineTooLong = "line too long";

bool IsTooLong(std::string_view text) noexcept {
  return text.size() > kLineBytesMax - kLineFrameBytesMax;
}

}  // namespace

void RecordingWriter::FreeContext::operator()(ZSTD_CCtx_s* context) const noexcept {
  ZSTD_freeCCtx(context);
}

absl::StatusOr<std::unique_ptr<RecordingWriter>> RecordingWriter::Create(const std::string& path) {
  absl::StatusOr<std::unique_ptr<OutputFile>> file = CreateOutputFile(path);
  if (!file.ok()) return file.status();
  return std::make_unique<RecordingWriter>(*std::move(file));
}

RecordingWriter::RecordingWriter(std::unique_ptr<OutputFile> file, Nanos sync_interval)
    : file_(std::move(file)),
      sync_interval_(sync_interval),
      context_(ZSTD_createCCtx()),
      chunk_(ZSTD_CStreamOutSize()) {
  text_.reserve(2 * kFlushTextBytes);
  packed_.reserve(ZSTD_compressBound(2 * kFlushTextBytes));
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, kWindowBits);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

RecordingWriter::~RecordingWriter() {
  if (!closed_) (void)Close();
}

void RecordingWriter::Write(ReceiveTime received, std::string_view text) {
  ++counts_.lines;
  Advance(received);
  const std::size_t bytes = text.size() + kLineFrameBytesMax;
  if (frame_text_bytes_ != 0 && frame_text_bytes_ + bytes > kFrameTextBytes) EndFrame();
  if (!status_.ok() || closed_) return Lose(1);
  if (IsTooLong(text)) {
    loss_reason_ = kLineTooLong;
    Lose(1);
    return TellLoss();
  }
  Take(received, text);
  ++at_hand_.lines;
  if (text_.size() >= kFlushTextBytes) Flush();
}

void RecordingWriter::TellLost(ReceiveTime received, std::int64_t lines, std::string_view reason) {
  Advance(received);
  untold_lines_ += lines;
  if (!status_.ok() || closed_) return;
  loss_reason_ = reason;
  TellLoss();
}

void RecordingWriter::OnTimer(ReceiveTime now) {
  if (closed_) return;
  Advance(now);
  if (unsynced_bytes_ == 0 || suspect_ || !IsPast(unsynced_start_, sync_interval_, now)) return;
  // With a checksum of its own: what is torn behind it by a power cut then takes nothing of it
  // along.
  if (status_.ok() && frame_text_bytes_ != 0) EndFrame();
  if (!suspect_) Sync();
}

absl::Status RecordingWriter::Close() {
  if (closed_) return status_;
  if (!suspect_ && !status_.ok()) {
    Store();
    if (status_.ok()) TellLoss();
  }
  if (frame_text_bytes_ != 0) EndFrame();
  LoseWhatIsAtHand();
  if (!suspect_) Sync();
  closed_ = true;
  const absl::Status closed = file_->Close();
  if (!closed.ok() && status_.ok()) Seal("cannot be closed", closed);
  if (status_.ok() && counts_.lost_lines != 0) {
    status_ =
        absl::DataLossError(absl::StrCat(path(), ": ", counts_.lost_lines, " of ", counts_.lines,
                                         " lines were lost; its #lost lines say where"));
  }
  return status_;
}

// --- Lines ------------------------------------------------------------------------------------

// Does what is due at this time.
void RecordingWriter::Advance(ReceiveTime now) {
  now_ = now;
  if (suspect_ || closed_) return;
  if (!status_.ok()) {
    if (!IsPast(tried_, kRetryInterval, now)) return;
    tried_ = now;
    Store();
    if (status_.ok()) TellLoss();
    return;
  }
  if (frame_text_bytes_ == 0) return;
  if (IsPast(frame_start_, kFrameSpan, now)) {
    EndFrame();
  } else if (!text_.empty() && IsPast(text_start_, kFlushSpan, now)) {
    Flush();
  }
}

void RecordingWriter::Take(ReceiveTime received, std::string_view text) {
  if (frame_text_bytes_ == 0) frame_start_ = now_;
  if (text_.empty()) text_start_ = now_;
  const std::size_t before = text_.size();
  AppendLine(received, text, &text_);
  frame_text_bytes_ += text_.size() - before;
  counts_.text_bytes += static_cast<std::int64_t>(text_.size() - before);
}

void RecordingWriter::TellLoss() {
  if (untold_lines_ == 0) return;
  loss_text_.clear();
  AppendLostText(untold_lines_, loss_reason_, &loss_text_);
  Take(now_, loss_text_);
  at_hand_.told += std::exchange(untold_lines_, 0);
}

void RecordingWriter::Lose(std::int64_t lines) {
  counts_.lost_lines += lines;
  untold_lines_ += lines;
}

void RecordingWriter::LoseWhatIsAtHand() {
  Lose(at_hand_.lines);
  untold_lines_ += at_hand_.told;
  at_hand_ = {};
  text_.clear();
  packed_.clear();
  stored_at_ = 0;
  frame_text_bytes_ = 0;
}

// --- Bytes ------------------------------------------------------------------------------------

void RecordingWriter::Flush() {
  if (Pack(false)) Store();
}

void RecordingWriter::EndFrame() {
  if (Pack(true)) Store();
}

// Packs the text at hand behind what is still to be stored; false when that sealed the file.
bool RecordingWriter::Pack(bool ends_frame) {
  ZSTD_inBuffer in{text_.data(), text_.size(), 0};
  std::size_t left = 0;
  do {
    ZSTD_outBuffer out{chunk_.data(), chunk_.size(), 0};
    left = ZSTD_compressStream2(context_.get(), &out, &in, ends_frame ? ZSTD_e_end : ZSTD_e_flush);
    if (ZSTD_isError(left) != 0) {
      Seal("cannot be packed", absl::InternalError(ZSTD_getErrorName(left)));
      return false;
    }
    packed_.append(chunk_.data(), out.pos);
  } while (left != 0);
  text_.clear();
  if (ends_frame) {
    frame_text_bytes_ = 0;
    ++counts_.frames;
  }
  return true;
}

// Gives the file all that is packed, or finds out why it cannot.
void RecordingWriter::Store() {
  while (stored_at_ != packed_.size()) {
    const absl::StatusOr<std::size_t> put =
        file_->Write(std::string_view(packed_).substr(stored_at_));
    if (!put.ok() && !absl::IsResourceExhausted(put.status())) {
      return Seal("cannot be written on", put.status());
    }
    if (!put.ok()) return EnterFull(put.status());
    if (*put == 0) return EnterFull(absl::ResourceExhaustedError("no byte was taken"));
    assert(*put <= packed_.size() - stored_at_);
    if (unsynced_bytes_ == 0) unsynced_start_ = now_;
    unsynced_bytes_ += static_cast<std::int64_t>(*put);
    stored_at_ += *put;
    counts_.stored_bytes += static_cast<std::int64_t>(*put);
  }
  packed_.clear();
  stored_at_ = 0;
  counts_.stored_lines += at_hand_.lines;
  unsynced_.lines += at_hand_.lines;
  unsynced_.told += at_hand_.told;
  at_hand_ = {};
  status_ = absl::OkStatus();
}

// The frame ends here, in memory, so that nothing but its rest has to be stored once there is room.
void RecordingWriter::EnterFull(const absl::Status& reason) {
  if (frame_text_bytes_ != 0 && !Pack(true)) return;
  tried_ = now_;
  loss_reason_ = kDiskFull;
  status_ = absl::ResourceExhaustedError(
      absl::StrCat(path(), ": ", reason.message(), "; lines are dropped until there is room"));
}

void RecordingWriter::Sync() {
  const absl::Status synced = file_->Sync();
  if (!synced.ok()) {  // What the disk has of it is unknown, and may be nothing.
    counts_.stored_lines -= unsynced_.lines;
    at_hand_.lines += unsynced_.lines;
    at_hand_.told += unsynced_.told;
    Seal("cannot be synced", synced);
  }
  unsynced_ = {};
  unsynced_bytes_ = 0;
}

void RecordingWriter::Seal(std::string_view what, const absl::Status& reason) {
  LoseWhatIsAtHand();
  suspect_ = true;
  status_ = absl::UnavailableError(
      absl::StrCat(path(), ": ", Abseil(what), ": ", reason.message(), "; sealed as suspect"));
}

}  // namespace thalweg
