// Which symbols an exchange lists, and in which status: what halts, delistings and new listings
// make of what a feed says.
//
// Times are of the feed. Threads: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace thalweg {

class Listing {
 public:
  // Status until then, and TRADING again. `keeps_frames`: what the feed has of the symbol
  // meanwhile is sent to nobody.
  void Halt(std::string_view symbol, std::string_view status, Nanos until, bool keeps_frames);
  void Delist(std::string_view symbol);
  void Relist(std::string_view symbol) { Erase(symbol); }

  // Ends halts that are over: their symbols.
  std::vector<std::string> Advance(Nanos feed_time);
  // When the next halt ends.
  [[nodiscard]] std::optional<Nanos> NextEnd() const;

  [[nodiscard]] bool IsListed(std::string_view symbol) const;
  // Nothing of it is sent.
  [[nodiscard]] bool IsSilent(std::string_view symbol) const;
  // The rules of a symbol, a JSON object of exchangeInfo, with its status of now.
  [[nodiscard]] std::string WithStatus(std::string_view symbol, const std::string& rules) const;

 private:
  struct State {
    std::string status;  // Empty: not listed.
    std::optional<Nanos> until;
    bool is_silent = false;
  };
  void Erase(std::string_view symbol);
  [[nodiscard]] const State* Find(std::string_view symbol) const;

  std::map<std::string, State, std::less<>> states_;  // Of those that do not trade.
};

}  // namespace thalweg
