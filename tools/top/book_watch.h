// Looks at the book of one symbol on the two rings beside that of features: its best levels
// (NAME.tops) and its buckets (NAME.ladders).
//
// Either ring may be missing, or come later; one of another generation is not of this writer and is
// not shown. Fields are found by their names in the ring's schema, once a file.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ring_reader.h"
#include "tools/top/ring_scene.h"

namespace thalweg {

class BookWatch {
 public:
  // As RingWatch::Open(). Opens nothing yet.
  BookWatch(std::string name, std::string folder);

  // The writer whose rings are looked at.
  void Follow(std::uint64_t generation);
  [[nodiscard]] BookScene Look(std::uint32_t symbol_id);

 private:
  // Offsets of one side of one level in a record.
  struct LevelFields {
    std::size_t price = 0;
    std::size_t qty = 0;
  };
  struct BucketSideFields {
    std::size_t label = 0;
    std::size_t complete = 0;
    std::size_t qty = 0;
    std::size_t notional = 0;
  };
  struct BucketFields {
    std::string name;
    std::size_t size = 0;
    std::array<BucketSideFields, 2> sides;
  };

  [[nodiscard]] std::optional<RingReader> Open(RingKind kind) const;
  void FindLevels();
  void FindBuckets();
  void ShowLevels(const RingRecord& record, BookScene* book) const;
  void ShowBuckets(const RingRecord& record, BookScene* book) const;

  std::string name_;
  std::string folder_;
  std::uint64_t generation_ = 0;
  std::optional<RingReader> tops_;
  std::optional<RingReader> ladders_;
  std::array<std::vector<LevelFields>, 2> levels_;
  std::vector<BucketFields> buckets_;
};

}  // namespace thalweg
