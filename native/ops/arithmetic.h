// arithmetic.h: what the ops of elementwise functions share.

#pragma once
#include <utility>

#include "op.h"

namespace resnet {

/** Finds the function of that name; false if there is none. */
bool findUnary(const std::string& name, Unary& function);
bool findBinary(const std::string& name, Binary& function);

/** Refuses y unless it has the shape to which the operands broadcast; absent ones do not count. */
void requireBroadcast(const OpReader& op, const Operand& y,
                      const std::vector<std::pair<const char*, Operand>>& operands);

}  // namespace resnet
