const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "your quota is used up",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a part of the path is a file",
  EPIPE: "its reader has ended",
  EROFS: "the file system is read-only",
};

/** Why the file system refused: its code, and what that means. Of any other error, what it says. */
export function fileErrorReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return String(error);
  return reasons[code] === undefined ? code : `${code}: ${reasons[code]}`;
}
