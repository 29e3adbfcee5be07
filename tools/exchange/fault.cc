#include "tools/exchange/fault.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/decimal.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

struct KindRule {
  FaultKind kind;
  std::string_view name;
  std::string_view arguments;  // Those it takes, comma separated; '!' behind a needed one.
  std::string_view triggers;
  std::string_view hows;  // Values of `how`, the first one is the default.
};
constexpr std::string_view kOfFrames = "frame,id,time";
constexpr std::array<KindRule, 26> kKinds{{
    {FaultKind::kDrop, "drop", "stream,symbol,connection,count", kOfFrames, ""},
    {FaultKind::kDuplicate, "duplicate", "stream,symbol,connection,count,times", kOfFrames, ""},
    {FaultKind::kReorder, "reorder", "stream,symbol,connection,count,by", kOfFrames, ""},
    {FaultKind::kDelay, "delay", "stream,symbol,connection,count,for!", kOfFrames, ""},
    {FaultKind::kMalformed, "malformed", "stream,symbol,connection,count,how,bytes", kOfFrames,
     "truncated,garbage,utf8,binary,huge"},
    {FaultKind::kUnknownField, "unknown-field", "stream,symbol,connection,count", kOfFrames, ""},
    {FaultKind::kUnknownEvent, "unknown-event", "stream,symbol,connection,count", kOfFrames, ""},
    {FaultKind::kCut, "cut", "stream,symbol,connection,bytes,how", kOfFrames, "fin,reset"},
    {FaultKind::kStall, "stall", "stream,symbol,connection,for!,lose,pings", kOfFrames, ""},
    {FaultKind::kDribble, "dribble", "stream,symbol,connection,bytes!,every!,for!", kOfFrames, ""},
    {FaultKind::kIdReset, "id-reset", "symbol!,to", kOfFrames, ""},
    {FaultKind::kShutdown, "shutdown", "stream,symbol,connection,for", kOfFrames, ""},
    {FaultKind::kClose, "close", "stream,symbol,connection,code", kOfFrames, ""},
    {FaultKind::kPings, "pings", "stream,symbol,connection,count", kOfFrames, ""},
    {FaultKind::kTickSize, "tick-size", "symbol!,tick!", kOfFrames, ""},
    {FaultKind::kStepSize, "step-size", "symbol!,step!", kOfFrames, ""},
    {FaultKind::kHalt, "halt", "symbol!,for!,how", kOfFrames, "BREAK,HALT,END_OF_DAY,CANCEL_ONLY"},
    {FaultKind::kDelist, "delist", "symbol!", kOfFrames, ""},
    {FaultKind::kRelist, "relist", "symbol!,to", kOfFrames, ""},
    {FaultKind::kMaintenance, "maintenance", "for!,status", kOfFrames, ""},
    {FaultKind::kRefuse, "refuse", "count,status", "attempt", ""},
    {FaultKind::kRestError, "rest-error", "symbol,count,status", "request", ""},
    {FaultKind::kSnapshotLate, "snapshot-late", "symbol,count,for!", "request", ""},
    {FaultKind::kSnapshotOld, "snapshot-old", "symbol,count,by", "request", ""},
    {FaultKind::kSnapshotGarbage, "snapshot-garbage", "symbol,count,how", "request",
     "truncated,html,empty,ascending,crossed,duplicate,missing"},
    {FaultKind::kReply, "reply", "count,how", "control", "error,lost,other-id"},
}};

struct TriggerRule {
  FaultTrigger trigger;
  std::string_view name;
};
constexpr std::array<TriggerRule, 6> kTriggers{{{FaultTrigger::kFrame, "frame"},
                                                {FaultTrigger::kId, "id"},
                                                {FaultTrigger::kTime, "time"},
                                                {FaultTrigger::kRequest, "request"},
                                                {FaultTrigger::kAttempt, "attempt"},
                                                {FaultTrigger::kControl, "control"}}};

constexpr double kFaultSecondsMax = 604'800;  // A week.
constexpr std::int64_t kOldIds = 1'000;       // Of snapshot-old.
constexpr std::int64_t kHugeBytes = std::int64_t{64} << 20;

absl::Status Invalid(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("fault '", Abseil(text), "': ", Abseil(why)));
}

bool IsListed(std::string_view list, std::string_view name) {
  const std::vector<absl::string_view> items = absl::StrSplit(Abseil(list), ',');
  return std::any_of(items.begin(), items.end(), [&](absl::string_view item) {
    return absl::StripSuffix(item, "!") == Abseil(name);
  });
}

bool ToNumber(absl::string_view text, std::int64_t least, std::int64_t* number) {
  return absl::SimpleAtoi(text, number) && *number >= least;
}

bool ToPrice(absl::string_view text, Price* price) {
  const absl::StatusOr<Price> parsed = ParsePositivePrice(Standard(text));
  if (parsed.ok()) *price = *parsed;
  return parsed.ok();
}

// One, or a part of it that is a power of ten.
bool ToStep(absl::string_view text, Price* step) {
  if (!ToPrice(text, step)) return false;
  std::int64_t part = kPriceOne;
  while (part > step->raw() && part > 1) part /= 10;
  return part == step->raw();
}

bool ToNanos(absl::string_view text, Nanos* span) {
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || !(seconds >= 0 && seconds <= kFaultSecondsMax)) {
    return false;
  }
  *span = static_cast<Nanos>(seconds * static_cast<double>(kSecond));
  return true;
}

// False when the value is not allowed.
bool SetArgument(const KindRule& rule, absl::string_view name, absl::string_view value,
                 Fault* fault) {
  if (value.empty()) return false;
  if (name == "stream") fault->stream = std::string(value);
  if (name == "symbol") fault->symbol = absl::AsciiStrToUpper(value);
  if (name == "connection") return ToNumber(value, 1, &fault->connection);
  if (name == "count") return ToNumber(value, 1, &fault->count);
  if (name == "times") return ToNumber(value, 1, &fault->times);
  if (name == "by") return ToNumber(value, 1, &fault->by);
  if (name == "bytes") return ToNumber(value, rule.kind == FaultKind::kCut ? 0 : 1, &fault->bytes);
  if (name == "to") return ToNumber(value, 0, &fault->to);
  if (name == "status") {
    return ToNumber(value, 0, &fault->status) &&
           (fault->status == 0 || (fault->status >= 300 && fault->status <= 599));
  }
  if (name == "code") {
    return ToNumber(value, 1'000, &fault->code) && fault->code <= 4'999;
  }
  if (name == "tick") return ToPrice(value, &fault->increment);
  if (name == "step") return ToStep(value, &fault->increment);
  if (name == "for") return ToNanos(value, &fault->length);
  if (name == "every") return ToNanos(value, &fault->every);
  if (name == "lose") {
    fault->is_lost = value == "yes";
    return fault->is_lost || value == "no";
  }
  if (name == "pings") {
    fault->no_pings = value == "no";
    return fault->no_pings || value == "yes";
  }
  if (name == "how") {
    fault->how = std::string(value);
    return IsListed(rule.hows, fault->how);
  }
  return true;
}

absl::Status SetTrigger(const KindRule& rule, std::string_view text, absl::string_view when,
                        Fault* fault) {
  const std::vector<absl::string_view> words = absl::StrSplit(when, absl::MaxSplits('=', 1));
  const std::string allowed =
      absl::StrCat("after '@' stands one of ", Abseil(rule.triggers),
                   " with '=' and a whole number from 1 (time: seconds from 0)");
  if (words.size() != 2 || !IsListed(rule.triggers, Standard(words[0]))) {
    return Invalid(text, allowed);
  }
  for (const TriggerRule& trigger : kTriggers) {
    if (trigger.name == Standard(words[0])) fault->trigger = trigger.trigger;
  }
  const bool good = fault->trigger == FaultTrigger::kTime ? ToNanos(words[1], &fault->time)
                                                          : ToNumber(words[1], 1, &fault->at);
  return good ? absl::OkStatus() : Invalid(text, allowed);
}

}  // namespace

absl::StatusOr<Fault> ParseFault(std::string_view text) {
  // Streams hold '@' themselves: the last one is meant.
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) {
    return Invalid(text, "it must say when: KIND[:NAME=VALUE,...]@WHEN=NUMBER");
  }
  const std::string_view what = text.substr(0, at);
  const std::size_t colon = what.find(':');
  const std::string_view name = what.substr(0, colon);
  const auto rule = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](const KindRule& candidate) { return candidate.name == name; });
  if (rule == kKinds.end()) {
    const auto append = [](std::string* out, const KindRule& kind) { out->append(kind.name); };
    return Invalid(text, absl::StrCat("there is no kind '", Abseil(name), "', there are ",
                                      absl::StrJoin(kKinds, ", ", append)));
  }
  Fault fault;
  fault.kind = rule->kind;
  fault.text = std::string(text);
  fault.how = rule->hows.substr(0, rule->hows.find(','));
  if (rule->kind == FaultKind::kSnapshotOld) fault.by = kOldIds;
  if (rule->kind == FaultKind::kMalformed) fault.bytes = kHugeBytes;
  std::vector<std::string> given;
  if (colon != std::string_view::npos) {
    for (const absl::string_view argument : absl::StrSplit(Abseil(what.substr(colon + 1)), ',')) {
      const std::vector<absl::string_view> words =
          absl::StrSplit(argument, absl::MaxSplits('=', 1));
      if (words.size() != 2 || words[0].empty() || !IsListed(rule->arguments, Standard(words[0]))) {
        return Invalid(text, absl::StrCat("'", argument, "' is no argument of ", Abseil(name),
                                          ", which takes ", Abseil(rule->arguments)));
      }
      if (!SetArgument(*rule, words[0], words[1], &fault)) {
        return Invalid(text, absl::StrCat("'", argument, "' has a value that is not allowed",
                                          rule->hows.empty() ? "" : "; how: ", Abseil(rule->hows)));
      }
      given.emplace_back(words[0]);
    }
  }
  for (const absl::string_view argument : absl::StrSplit(Abseil(rule->arguments), ',')) {
    if (!absl::EndsWith(argument, "!")) continue;
    const absl::string_view needed = absl::StripSuffix(argument, "!");
    if (std::find(given.begin(), given.end(), needed) == given.end()) {
      return Invalid(text, absl::StrCat(Abseil(name), " needs ", needed, "="));
    }
  }
  const absl::Status when = SetTrigger(*rule, text, Abseil(text.substr(at + 1)), &fault);
  if (!when.ok()) return when;
  return fault;
}

absl::StatusOr<std::vector<Fault>> ParseFaultScript(std::string_view path, std::string_view text) {
  std::vector<Fault> faults;
  std::int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(Abseil(text), '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    absl::StatusOr<Fault> fault = ParseFault(Standard(line));
    if (!fault.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Abseil(path), ":", number, ": ", fault.status().message()));
    }
    faults.push_back(*std::move(fault));
  }
  return faults;
}

std::string DescribeFaults() {
  std::string text;
  for (const KindRule& rule : kKinds) {
    absl::StrAppend(&text, "  ", Abseil(rule.name), ":", Abseil(rule.arguments), "@",
                    Abseil(rule.triggers),
                    rule.hows.empty() ? "" : absl::StrCat("   how: ", Abseil(rule.hows)), "\n");
  }
  return text;
}

}  // namespace thalweg
