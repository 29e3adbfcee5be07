// An audit that differed, as a recording that comes to the same difference again.
//
//   #thalweg          run, symbol, and the options that the engine had
//   #rest             exchangeInfo: the instrument as the engine used it
//   #rest             depth: the book that was found wrong, to its known edges
//   depthUpdate       made here: what of that book no answer could show. That is what lies beyond
//                     an edge, and a side that crosses the other one; a level that stands at an
//                     edge only to mark it is taken away
//   #audit            from here on events are retained
//   depthUpdate ...   the events that were retained
//   #rest             depth: the answer that differed
//
// Times are those of the live run; texts are made anew from the numbers, exactly. Threads: pure
// functions. Cold.
#pragma once

#include <string>
#include <vector>

#include "core/units.h"
#include "pipeline/audit_evidence.h"
#include "pipeline/engine_options.h"

namespace thalweg {

struct AuditLine {
  ReceiveTime received;
  std::string text;  // As RecordingWriter::Write() takes it.
};

// `run`: a name of its own. `options`: of the engine; those of other symbols are left out. Empty
// when nothing can be made of it: the answer is gone (the grid changed under it), or the ids are
// too small for what stands before them.
[[nodiscard]] std::vector<AuditLine> AuditRecording(const AuditEvidence& evidence,
                                                    const EngineOptions& options,
                                                    const std::string& run);

}  // namespace thalweg
