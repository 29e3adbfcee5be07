#include "tools/top/book_watch.h"

#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/quality.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::array<std::string_view, 2> kSideNames{"bid", "ask"};  // By Side.
constexpr std::string_view kSizePrefix = "size_";

// Where a field lies, if it is there in this form.
std::optional<std::size_t> FindField(const RingReader& reader, const std::string& name,
                                     std::string_view type, std::size_t count) {
  for (const RingField& field : reader.fields()) {
    if (field.name == name && field.type == type && field.count == count) return field.offset;
  }
  return std::nullopt;
}

// REQUIRES: an offset that FindField() gave for this type.
template <class T>
T ValueAt(const RingRecord& record, std::size_t offset, std::size_t index = 0) {
  T value;
  std::memcpy(&value, record.data() + offset + index * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

BookWatch::BookWatch(std::string name, std::string folder)
    : name_(std::move(name)), folder_(std::move(folder)) {}

void BookWatch::Follow(std::uint64_t generation) {
  generation_ = generation;
  tops_.reset();
  ladders_.reset();
}

std::optional<RingReader> BookWatch::Open(RingKind kind) const {
  RingOpenOptions options;
  options.kind = kind;
  options.folder = folder_;
  const bool is_path = name_.find('/') != std::string::npos;
  absl::StatusOr<RingReader> reader = RingReader::Open(
      is_path ? absl::StrCat(name_, ".", Abseil(RingKindName(kind))) : name_, options);
  if (!reader.ok() || reader->header().generation != generation_) return std::nullopt;
  return *std::move(reader);
}

void BookWatch::FindLevels() {
  for (std::size_t side = 0; side < kSideNames.size(); ++side) {
    levels_[side].clear();
    for (std::size_t level = 1; level <= kLevelsSeen; ++level) {
      const auto find = [&](const char* what) {
        return FindField(*tops_, absl::StrCat(Abseil(kSideNames[side]), "_", what, "_", level),
                         "f64", 1);
      };
      const std::optional<std::size_t> price = find("price");
      const std::optional<std::size_t> qty = find("qty");
      if (!price || !qty) break;
      levels_[side].push_back({*price, *qty});
    }
  }
}

// A size is shown when all its fields are there.
void BookWatch::FindBuckets() {
  buckets_.clear();
  for (const RingField& field : ladders_->fields()) {
    if (!field.name.starts_with(kSizePrefix)) continue;
    if (buckets_.size() == quality::kBucketSizesMax) break;
    BucketFields bucket;
    bucket.name = field.name.substr(kSizePrefix.size());
    const std::optional<std::size_t> size = FindField(*ladders_, field.name, "f64", 1);
    bool whole = size.has_value();
    bucket.size = size.value_or(0);
    for (std::size_t i = 0; i < kSideNames.size(); ++i) {
      const std::string side(kSideNames[i]);
      const auto find = [&](const std::string& name, std::string_view type, std::size_t count) {
        const auto offset = FindField(*ladders_, absl::StrCat(name, "_", bucket.name), type, count);
        whole = whole && offset.has_value();
        return offset.value_or(0);
      };
      bucket.sides[i] = {find(side + "_label", "f64", 1), find("complete_" + side, "u32", 1),
                         find(side + "_qty", "f64", kBucketsASide),
                         find(side + "_notional", "f64", kBucketsASide)};
    }
    if (whole) buckets_.push_back(std::move(bucket));
  }
}

BookScene BookWatch::Look(std::uint32_t symbol_id) {
  if (!tops_) {
    tops_ = Open(RingKind::kTops);
    if (tops_) FindLevels();
  }
  if (!ladders_) {
    ladders_ = Open(RingKind::kLadders);
    if (ladders_) FindBuckets();
  }
  BookScene book;
  book.symbol_id = symbol_id;
  if (tops_ && tops_->Latest(symbol_id)) ShowLevels(tops_->record(), &book);
  if (ladders_ && ladders_->Latest(symbol_id)) ShowBuckets(ladders_->record(), &book);
  return book;
}

void BookWatch::ShowLevels(const RingRecord& record, BookScene* book) const {
  book->levels_update_id = record.header().update_id;
  for (std::size_t side = 0; side < levels_.size(); ++side) {
    for (const LevelFields& level : levels_[side]) {
      book->levels[side].push_back(
          {ValueAt<double>(record, level.price), ValueAt<double>(record, level.qty)});
    }
  }
}

void BookWatch::ShowBuckets(const RingRecord& record, BookScene* book) const {
  book->buckets_update_id = record.header().update_id;
  for (const BucketFields& fields : buckets_) {
    BucketsScene& buckets = book->buckets.emplace_back();
    buckets.name = fields.name;
    buckets.size = ValueAt<double>(record, fields.size);
    for (std::size_t side = 0; side < fields.sides.size(); ++side) {
      const BucketSideFields& from = fields.sides[side];
      BucketSideScene& to = buckets.sides[side];
      to.label = ValueAt<double>(record, from.label);
      to.complete = ValueAt<std::uint32_t>(record, from.complete);
      for (std::size_t i = 0; i < kBucketsASide; ++i) {
        to.qty[i] = ValueAt<double>(record, from.qty, i);
        to.notional[i] = ValueAt<double>(record, from.notional, i);
      }
    }
  }
}

}  // namespace thalweg
