// Counts allocations: who links this has the global operators new and delete replaced.
//
// Not under sanitizers, which bring their own. Threads: any.
#pragma once

#include <cstdint>

namespace thalweg {

// Calls of any operator new so far.
[[nodiscard]] std::int64_t AllocationCount() noexcept;

}  // namespace thalweg
