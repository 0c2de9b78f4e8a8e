// products.h: while one of these lives, its thread may call the kernels' brgemm.

#pragma once
#include "../kernels/kernels.h"

namespace resnet {

class Products {
 public:
  explicit Products(const Kernels& kernels) : kernels_(kernels) { kernels_.beginProducts(); }
  ~Products() { kernels_.endProducts(); }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

 private:
  const Kernels& kernels_;
};

}  // namespace resnet
