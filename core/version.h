// What this build is, for `thalweg --version`, bug reports and the headers of recordings.
//
// Defined in a source that the build writes (cmake/version.cmake): it names the commit, so it is
// the only file that is compiled again when nothing but the commit changed. Threads: pure
// functions.
#pragma once

#include <string_view>

namespace thalweg {

// The release alone: "0.1.0".
[[nodiscard]] std::string_view ReleaseText() noexcept;

// One line: "thalweg 0.1.0 (commit 1f2e3d4c5b6a, g++ 12.2.0, Release; optional parts: none)". The
// commit is "unknown" in a build outside git, and followed by "+changes" when files differ from it.
[[nodiscard]] std::string_view VersionText() noexcept;

}  // namespace thalweg
