import { PickleDict } from "./pickle-dict.js";
import { readFloat, readInteger, readLong, readQuoted, readRawUnicode } from "./literals.js";
import { OpaqueObject } from "./pickle-globals.js";
import type { PickleReader } from "./pickle-reader.js";
import type { Unpickler } from "./unpickler.js";

type Operation = (machine: Unpickler, reader: PickleReader) => void;

const text =
  (length: (reader: PickleReader) => number): Operation =>
  (machine, reader) =>
    machine.push(reader.text(length(reader)));

const bytes =
  (length: (reader: PickleReader) => number): Operation =>
  (machine, reader) =>
    machine.pushObject(reader.take(length(reader)));

const constant =
  (value: unknown): Operation =>
  (machine) =>
    machine.push(value);

const tupleOf =
  (length: number): Operation =>
  (machine) => {
    const values = Array.from({ length }, () => machine.pop()).toReversed();
    machine.pushObject(values, length);
  };

/** Tuples, lists and frozen sets all become arrays. */
const fromMark: Operation = (machine) => {
  const values = machine.popMark();
  machine.pushObject(values, values.length);
};

const emptyArray: Operation = (machine) => machine.pushObject([]);

const emptyDict: Operation = (machine) => machine.pushObject(new PickleDict());

const dictFromMark: Operation = (machine, reader) => {
  const pairs = machine.popMark();
  emptyDict(machine, reader);
  machine.setItems(pairs);
};

const setItem: Operation = (machine) => {
  const [value, key] = [machine.pop(), machine.pop()];
  machine.setItems([key, value]);
};

/** REDUCE calls a function, and NEWOBJ makes an object of a class. Both are the same for the allowed classes. */
const reduce: Operation = (machine) => {
  const args = machine.pop();
  machine.construct(machine.pop(), args);
};

/** A constructor with keyword arguments, which no allowed class has. */
const newObjectWithKeywords: Operation = (machine, reader) => {
  const keywords = machine.pop();
  const args = machine.pop();
  const callee = machine.pop();
  machine.construct(callee, args);
  const isRead = keywords instanceof PickleDict && keywords.size === 0;
  if (!isRead && !(machine.top() instanceof OpaqueObject)) {
    throw reader.error("ERR_PICKLE_FORMAT", "NEWOBJ_EX: keyword arguments are not read");
  }
};

const object: Operation = (machine) => {
  const [callee, ...args] = machine.popMark();
  machine.construct(callee, args);
};

const instance: Operation = (machine, reader) => {
  const callee = machine.global(reader.line(), reader.line());
  machine.construct(callee, machine.popMark());
};

const stackGlobal: Operation = (machine) => {
  const [name, module] = [machine.pop(), machine.pop()];
  machine.push(machine.global(module, name));
};

/** A frame only states how many bytes to read ahead; they are checked to exist. */
const frame: Operation = (_machine, reader) => {
  const length = reader.u64();
  reader.take(length);
  reader.position -= length;
};

const bytearray: Operation = (machine, reader) => {
  const view = reader.take(reader.u64());
  reader.charge(view.length);
  machine.pushObject(view.slice());
};

/**
 * The operation of each byte code, under the names of Python's `pickletools`.
 *
 * Not supported: EXT1 to EXT4 (a registry of the reading program), NEXT_BUFFER and READONLY_BUFFER (data outside the
 * file).
 */
export const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  // Protocol 0: text.
  [code("("), (machine) => machine.mark()], // MARK
  [code("0"), (machine) => void machine.pop()], // POP
  [code("1"), (machine) => void machine.popMark()], // POP_MARK
  [code("2"), (machine) => machine.push(machine.top())], // DUP
  [code("F"), (machine, reader) => machine.push(readFloat(reader))], // FLOAT
  [code("I"), (machine, reader) => machine.push(readInteger(reader))], // INT
  [code("L"), (machine, reader) => machine.push(readInteger(reader))], // LONG
  [code("N"), constant(null)], // NONE
  [code("P"), (machine, reader) => machine.persistent(reader.line())], // PERSID
  [code("R"), reduce], // REDUCE
  [code("S"), (machine, reader) => machine.pushObject(readQuoted(reader))], // STRING
  [code("V"), (machine, reader) => machine.push(readRawUnicode(reader))], // UNICODE
  [code("a"), (machine) => machine.append([machine.pop()])], // APPEND
  [code("b"), (machine) => machine.build()], // BUILD
  [code("c"), (machine, reader) => machine.push(machine.global(reader.line(), reader.line()))], // GLOBAL
  [code("d"), dictFromMark], // DICT
  [code("g"), (machine, reader) => machine.get(readInteger(reader))], // GET
  [code("i"), instance], // INST
  [code("l"), fromMark], // LIST
  [code("o"), object], // OBJ
  [code("p"), (machine, reader) => machine.put(readInteger(reader))], // PUT
  [code("s"), setItem], // SETITEM
  [code("t"), fromMark], // TUPLE
  // Protocol 1: binary.
  [code("G"), (machine, reader) => machine.push(reader.f64())], // BINFLOAT
  [code("J"), (machine, reader) => machine.push(reader.i32())], // BININT
  [code("K"), (machine, reader) => machine.push(reader.u8())], // BININT1
  [code("M"), (machine, reader) => machine.push(reader.u16())], // BININT2
  [code("Q"), (machine) => machine.persistent(machine.pop())], // BINPERSID
  [code("T"), bytes((reader) => reader.i32())], // BINSTRING
  [code("U"), bytes((reader) => reader.u8())], // SHORT_BINSTRING
  [code("X"), text((reader) => reader.u32())], // BINUNICODE
  [code("e"), (machine) => machine.append(machine.popMark())], // APPENDS
  [code("h"), (machine, reader) => machine.get(reader.u8())], // BINGET
  [code("j"), (machine, reader) => machine.get(reader.u32())], // LONG_BINGET
  [code("q"), (machine, reader) => machine.put(reader.u8())], // BINPUT
  [code("r"), (machine, reader) => machine.put(reader.u32())], // LONG_BINPUT
  [code("u"), (machine) => machine.setItems(machine.popMark())], // SETITEMS
  [code("]"), emptyArray], // EMPTY_LIST
  [code(")"), emptyArray], // EMPTY_TUPLE
  [code("}"), emptyDict], // EMPTY_DICT
  // Protocol 2.
  [0x80, (_machine, reader) => checkProtocol(reader, reader.u8())], // PROTO
  [0x81, reduce], // NEWOBJ
  [0x85, tupleOf(1)], // TUPLE1
  [0x86, tupleOf(2)], // TUPLE2
  [0x87, tupleOf(3)], // TUPLE3
  [0x88, constant(true)], // NEWTRUE
  [0x89, constant(false)], // NEWFALSE
  [0x8a, (machine, reader) => machine.push(readLong(reader, reader.u8()))], // LONG1
  [0x8b, (machine, reader) => machine.push(readLong(reader, reader.u32()))], // LONG4
  // Protocol 3: bytes.
  [code("B"), bytes((reader) => reader.u32())], // BINBYTES
  [code("C"), bytes((reader) => reader.u8())], // SHORT_BINBYTES
  // Protocol 4: lengths of 8 bytes, frames.
  [0x8c, text((reader) => reader.u8())], // SHORT_BINUNICODE
  [0x8d, text((reader) => reader.u64())], // BINUNICODE8
  [0x8e, bytes((reader) => reader.u64())], // BINBYTES8
  [0x8f, emptyArray], // EMPTY_SET
  [0x90, (machine) => machine.append(machine.popMark())], // ADDITEMS
  [0x91, fromMark], // FROZENSET
  [0x92, newObjectWithKeywords], // NEWOBJ_EX
  [0x93, stackGlobal], // STACK_GLOBAL
  [0x94, (machine) => machine.memoize()], // MEMOIZE
  [0x95, frame], // FRAME
  // Protocol 5.
  [0x96, bytearray], // BYTEARRAY8
]);

/** STOP: the value on top of the stack is the result. */
export const stop = code(".");

function code(character: string): number {
  return character.charCodeAt(0);
}

function checkProtocol(reader: PickleReader, protocol: number): void {
  if (protocol > 5) {
    throw reader.error("ERR_PICKLE_FORMAT", `protocol ${protocol} is newer than 5`);
  }
}
