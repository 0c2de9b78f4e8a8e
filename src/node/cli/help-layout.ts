import { Help, type Command } from "commander";
import { widthOf, wrapWords } from "./output.js";

/** On narrower terminals the descriptions have lines of their own, below what they describe. */
const leastWidth = 72;
const indent = 4;

/** Lays out the help of a command for the width of the terminal, so that no line breaks inside a word. */
export const layOutHelp = (command: Command): Command =>
  command
    .configureHelp({
      minWidthToWrap: 20,
      formatItem(term, termWidth, description, helper) {
        const width = helper.helpWidth ?? 80;
        if (width >= leastWidth || description === "")
          return Help.prototype.formatItem.call(helper, term, termWidth, description, helper);
        const below = helper.boxWrap(description, width - indent);
        return `  ${term}\n${below.replace(/^/gm, " ".repeat(indent))}`;
      },
    })
    .configureOutput({
      // Examples and the line of the usage are not wrapped by commander.
      writeOut: (text) => process.stdout.write(wrapWords(text, widthOf(process.stdout))),
    });
