// memory.h: zero-filled, 64-byte-aligned memory; large blocks ask for huge pages.

#pragma once
#include <cstddef>

namespace resnet {

class Block {
 public:
  Block() = default;
  /** @throws EngineError ERR_MEMORY where the system has no more */
  explicit Block(size_t bytes);
  ~Block();
  Block(Block&& other) noexcept;
  Block& operator=(Block&& other) noexcept;

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;
};

}  // namespace resnet
