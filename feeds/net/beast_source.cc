// What of Boost.Asio and Boost.Beast is no template, compiled once (CMakeLists.txt says how).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
