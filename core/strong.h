// Integers that do not convert into each other.
//
// A Strong<Tag> is an int64 with a unit in its type: a price cannot be passed where a quantity is
// wanted, nor an update id where a time is. Comparison, the difference of two values of one kind
// and a shift by a plain number exist; everything else is written out with raw(), in the open.
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace thalweg {

template <class Tag>
class Strong {
 public:
  constexpr Strong() noexcept = default;
  explicit constexpr Strong(std::int64_t raw) noexcept : raw_(raw) {}

  [[nodiscard]] constexpr std::int64_t raw() const noexcept { return raw_; }

  friend constexpr auto operator<=>(Strong, Strong) noexcept = default;
  friend constexpr bool operator==(Strong, Strong) noexcept = default;
  friend constexpr std::int64_t operator-(Strong a, Strong b) noexcept { return a.raw_ - b.raw_; }
  friend constexpr Strong operator+(Strong a, std::int64_t shift) noexcept {
    return Strong(a.raw_ + shift);
  }
  friend constexpr Strong operator-(Strong a, std::int64_t shift) noexcept {
    return Strong(a.raw_ - shift);
  }

  template <class H>
  friend H AbslHashValue(H state, Strong value) {
    return H::combine(std::move(state), value.raw_);
  }

 private:
  std::int64_t raw_ = 0;
};

static_assert(sizeof(Strong<void>) == 8 && std::is_trivially_copyable_v<Strong<void>>);

}  // namespace thalweg
