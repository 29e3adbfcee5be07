// One line of a raw capture of cryptofeed (https://github.com/bmoscon/cryptofeed), as a line of a
// recording. Both kinds of its files, those of connections and those of REST requests, are made of
// these:
//
//   <url> -> <time>: <body>     a REST answer             #rest GET <path and query of url> <body>
//   <url> <-> <time>            a connection was opened   #conn 1 open <url>
//   <time>: <payload>           a frame                   <payload>
//   <url> <- <time>: <message>  a message was sent        nothing
//   configuration: <json>       what was asked for        nothing
//
// Threads: pure functions. Views point into the line.
#pragma once

#include <string_view>

#include "replay/recording_line.h"

namespace thalweg {

// kRest, kConnOpen or kFrame; kOtherHash for what says nothing to a recording; kMalformed, with the
// reason, for all else.
[[nodiscard]] RecordingLine ParseCryptofeedLine(std::string_view text) noexcept;

}  // namespace thalweg
