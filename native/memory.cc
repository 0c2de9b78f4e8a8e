#include "memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace resnet {
namespace {

constexpr size_t hugePage = size_t{2} << 20;
constexpr size_t largeBlock = size_t{4} << 20;
constexpr size_t maxBytes = size_t{1} << 46;

[[noreturn]] void refuse(size_t bytes) {
  throw EngineError("ERR_MEMORY", "the native executor cannot allocate " +
                                      std::to_string(bytes >> 20) +
                                      " MiB: use a smaller batch or a smaller model");
}

}  // namespace

Block::Block(size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  if (bytes > maxBytes) refuse(bytes);
#if defined(__linux__)
  // Fresh pages are zero and cost nothing until they are touched.
  if (bytes >= largeBlock) {
    const size_t mappedBytes = bytes + hugePage;
    void* base = mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    if (base == MAP_FAILED) refuse(bytes);
    const uintptr_t begin = reinterpret_cast<uintptr_t>(base);
    const uintptr_t aligned = (begin + hugePage - 1) / hugePage * hugePage;
    const size_t before = aligned - begin;
    const size_t kept = (bytes + 4095) / 4096 * 4096;
    if (before) munmap(base, before);
    if (mappedBytes - before > kept) {
      munmap(reinterpret_cast<char*>(aligned) + kept, mappedBytes - before - kept);
    }
    data_ = reinterpret_cast<char*>(aligned);
    madvise(data_, kept, MADV_HUGEPAGE);
    mapped_ = true;
    return;
  }
#endif
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes) != 0) refuse(bytes);
  std::memset(memory, 0, bytes);
  data_ = static_cast<char*>(memory);
}

Block::~Block() {
#if defined(__linux__)
  if (mapped_) {
    munmap(data_, (size_ + 4095) / 4096 * 4096);
    return;
  }
#endif
  std::free(data_);
}

Block::Block(Block&& other) noexcept { *this = std::move(other); }

Block& Block::operator=(Block&& other) noexcept {
  // The old memory leaves with `other`.
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

}  // namespace resnet
