// The command-line options of the network, common to `live` and `record`.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "feeds/net/endpoint.h"
#include "pipeline/engine_options.h"
#include "tools/command_line.h"

namespace thalweg {

struct NetworkOptions {
  Endpoint rest;
  Endpoint streams;
  std::optional<Endpoint> second_leg;  // The same streams over another connection.
  std::string ca_path;                 // Empty: the system's authorities alone.
  double weight_share = 0.5;           // Of the exchange's request weight.
};

class NetworkFlags {
 public:
  void AddTo(Command command);

  // InvalidArgument (exit 2) names key, value and what is allowed; NotFound (exit 3) a file that
  // cannot be read.
  [[nodiscard]] absl::StatusOr<NetworkOptions> ToOptions(Market market) const;

 private:
  std::string rest_;
  std::string streams_;
  int legs_ = 1;
  std::string second_;
  std::string ca_;
  std::string weight_share_ = "0.5";
};

}  // namespace thalweg
