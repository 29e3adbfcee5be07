// What a NetworkLoop holds. For sources of feeds/net only: it shows Boost.Asio.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>

#include "feeds/net/network_loop.h"

namespace thalweg {

struct NetworkLoop::Context {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
};

inline boost::asio::io_context& IoOf(NetworkLoop& loop) { return loop.context().io; }

}  // namespace thalweg
