#include "replay/recording_source.h"

#include <optional>
#include <string_view>
#include <utility>

namespace thalweg {
namespace {

class RecordingSource final : public EngineSource {
 public:
  RecordingSource(std::vector<std::string> paths, const PlayerOptions& options,
                  RecordingPlayer::Teller tell)
      : paths_(std::move(paths)), options_(options), tell_(std::move(tell)) {}

  absl::Status Open(const EngineOptions& options, const Catalogue& catalogue,
                    EngineOutput& output) override {
    player_.emplace(options, catalogue, output, options_, std::move(tell_));
    return player_->Open(paths_);
  }

  SourceStep Step() override {
    const absl::StatusOr<bool> stepped = player_->Step();
    if (stepped.ok() && *stepped) return SourceStep::kStepped;
    status_.Update(stepped.status());
    return SourceStep::kEnded;
  }

  absl::Status status() const override { return status_; }

  const SymbolEngine* FindSymbol(std::string_view name) const override {
    return player_->FindSymbol(name);
  }

 private:
  const std::vector<std::string> paths_;
  const PlayerOptions options_;
  RecordingPlayer::Teller tell_;
  std::optional<RecordingPlayer> player_;  // From Open() on.
  absl::Status status_;
};

}  // namespace

std::unique_ptr<EngineSource> Recordings(std::vector<std::string> paths,
                                         const PlayerOptions& options,
                                         RecordingPlayer::Teller tell) {
  if (!tell) tell = [](const FileMessage&) {};
  return std::make_unique<RecordingSource>(std::move(paths), options, std::move(tell));
}

}  // namespace thalweg
