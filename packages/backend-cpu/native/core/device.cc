#include "core/device.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace tensorplan {

const char* region_name(tp_region region) {
  constexpr const char* kNames[kRegions] = {"weights", "states", "inputs", "arena"};
  return kNames[region];
}

Device::Device(int threads, std::vector<std::string> features, KernelTable kernels)
    : features_(std::move(features)), kernels_(std::move(kernels)), pool_(threads) {}

void Device::allocate(tp_region region, uint64_t bytes) {
  const Session session(*this, nullptr, nullptr);
  if (closing()) throw std::logic_error("the device is disposed of");
  const std::unique_lock lock(memory_mutex_);
  layout_version_++;
  regions_[region].allocate(bytes);
  uint64_t total = 0;
  for (const Region& each : regions_) total += each.bytes();
  peak_bytes_.store(std::max(peak_bytes_.load(), total));
}

void Device::map_file(tp_region region, uint64_t offset, uint64_t bytes, int file, uint64_t file_offset) {
  const Session session(*this, nullptr, nullptr);
  if (closing()) throw std::logic_error("the device is disposed of");
  const std::unique_lock lock(memory_mutex_);
  regions_[region].map_file(offset, bytes, file, file_offset);
}

void Device::close() {
  closing_.store(true, std::memory_order_seq_cst);
  release_if_idle();
}

// Called after `closing_` is set and again after each session, so that whoever comes last does it.
void Device::release_if_idle() {
  const auto session = pool_.try_session();
  if (session == nullptr) return;
  const std::unique_lock lock(memory_mutex_);
  layout_version_++;
  for (Region& region : regions_) region.release();
}

Device::Session::Session(Device& device, ThreadPool::Cancelled cancelled, const void* state)
    : device_(device), cancelled_(cancelled), state_(state) {
  session_.emplace(device.pool_, stopped, this);
}

Device::Session::~Session() {
  session_.reset();
  if (device_.closing_.load(std::memory_order_seq_cst)) device_.release_if_idle();
}

bool Device::Session::stopped(const void* state) {
  const auto* session = static_cast<const Session*>(state);
  return session->device_.closing() || (session->cancelled_ != nullptr && session->cancelled_(session->state_));
}

uint8_t* Device::at(tp_region region, uint64_t offset, uint64_t bytes) const {
  const Region& place = regions_[region];
  if (offset > place.bytes() || bytes > place.bytes() - offset) {
    throw std::out_of_range(std::to_string(bytes) + " bytes at offset " + std::to_string(offset) + " are not inside region " +
                            region_name(region) + " of " + std::to_string(place.bytes()) + " bytes");
  }
  return place.data() + offset;
}

void Device::read(tp_region region, uint64_t offset, void* into, uint64_t bytes) {
  const std::shared_lock lock(memory_mutex_);
  const uint8_t* from = at(region, offset, bytes);
  if (bytes > 0) std::memcpy(into, from, bytes);
  bytes_out_.fetch_add(bytes, std::memory_order_relaxed);
}

void Device::write(tp_region region, uint64_t offset, const void* from, uint64_t bytes) {
  const std::shared_lock lock(memory_mutex_);
  uint8_t* into = at(region, offset, bytes);
  if (bytes > 0) std::memcpy(into, from, bytes);
  bytes_in_.fetch_add(bytes, std::memory_order_relaxed);
}

void Device::count_copy(uint64_t bytes_in, uint64_t bytes_out) {
  bytes_in_.fetch_add(bytes_in, std::memory_order_relaxed);
  bytes_out_.fetch_add(bytes_out, std::memory_order_relaxed);
}

Counters Device::counters() const {
  const std::shared_lock lock(memory_mutex_);
  Counters counters;
  for (int i = 0; i < kRegions; i++) counters.region_bytes[i] = regions_[i].bytes();
  counters.peak_bytes = peak_bytes_.load();
  counters.bytes_in = bytes_in_.load();
  counters.bytes_out = bytes_out_.load();
  counters.loaded_bytes = loaded_bytes_.load();
  counters.runs = runs_.load();
  return counters;
}

}  // namespace tensorplan
