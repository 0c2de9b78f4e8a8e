import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ResnetError, UsageError } from "../../tensor/error.js";
import { printable } from "../../tensor/printable.js";
import { writeFileAtomically } from "../files/replace-file.js";
import type { PretrainedEnvironment } from "./environment.js";
import { exists, fetchFile, type FetchWatcher } from "./fetch-file.js";
import type { PublishedHash } from "./published-hash.js";

/** A repository of the Hugging Face Hub, at a branch, tag or commit. */
export interface HubPlace {
  readonly owner: string;
  readonly name: string;
  readonly revision: string;
}

/**
 * Reads `hf:OWNER/NAME[@REVISION]`. The default revision is `main`.
 *
 * @throws {ResnetError} `ERR_PRETRAINED` for text of another form
 */
export function parseHubPlace(text: string): HubPlace {
  const word = "[A-Za-z0-9_][A-Za-z0-9._-]*";
  const pattern = new RegExp(`^hf:(${word})/(${word})(?:@(${word}(?:/${word})*))?$`);
  const [, owner, name, revision = "main"] = pattern.exec(text) ?? [];
  if (owner !== undefined && name !== undefined) return { owner, name, revision };
  throw new UsageError(
    "ERR_PRETRAINED",
    `"${printable(text)}" is not a repository of the Hub: write hf:OWNER/NAME or hf:OWNER/NAME@REVISION, such as hf:timm/resnet18.a1_in1k`,
  );
}

/** A repository at one commit. */
export interface HubRepository {
  /** The commit; null in a directory of the user's, which does not state it. */
  readonly commit: string | null;
  /** The path of a file on this machine, fetched if needed. @throws {ResnetError} as `openHub` */
  readonly file: (name: string) => Promise<string>;
  /** As `file`; null if the repository has no such file. */
  readonly optionalFile: (name: string) => Promise<string | null>;
}

const commitPattern = /^[0-9a-f]{40}$/;

/**
 * Opens a repository of the Hub: its files come from the cache, or over the network.
 *
 * A branch or tag is looked up each time, and the commit that it had is kept for work without a network. Each file is
 * checked against the hash that the Hub states with it.
 *
 * @throws {ResnetError} `ERR_PRETRAINED` if the Hub cannot be reached, for a repository, revision or file that does not exist or is not accessible, or is
 *   not in the cache while `HF_HUB_OFFLINE` is set; `ERR_PRETRAINED_FILE` as `fetchFile`
 */
export async function openHub(
  place: HubPlace,
  environment: PretrainedEnvironment,
  watcher: FetchWatcher,
): Promise<HubRepository> {
  const { owner, name, revision } = place;
  const repository = `${owner}/${name}`;
  const folder = path.join(environment.cacheDir, owner, name);
  const client = new HubClient(repository, environment);
  const commit = await commitOf(revision, folder, client, environment);
  const fileAt = async (file: string, isOptional: boolean): Promise<string | null> => {
    const local = path.join(folder, commit, file);
    const note = `${local}.hash`;
    const known = await readFile(note, "utf8").catch(() => null);
    if (environment.hub.isOffline) {
      if (await exists(local)) return local;
      if (isOptional) return null;
      throw notCached(`${repository}/${file}`, environment);
    }
    const found =
      known !== null && (await exists(local))
        ? { hash: JSON.parse(known) as PublishedHash | null }
        : await client.head(commit, file, isOptional);
    if (!found) return null;
    await fetchFile(
      { address: client.address(commit, file), path: local, hash: found.hash },
      { ...environment, fetch: client.fetch },
      watcher,
    );
    if (known === null) await writeFileAtomically(note, JSON.stringify(found.hash));
    return local;
  };
  return {
    commit,
    file: async (file) => (await fileAt(file, false))!,
    optionalFile: (file) => fileAt(file, true),
  };
}

/** A copy of a repository in a directory of the user's; nothing is fetched. */
export function hubDirectory(folder: string): HubRepository {
  const optionalFile = async (name: string): Promise<string | null> => {
    const file = path.join(folder, name);
    return (await exists(file)) ? file : null;
  };
  return {
    commit: null,
    optionalFile,
    async file(name) {
      const found = await optionalFile(name);
      if (found !== null) return found;
      throw new ResnetError("ERR_PRETRAINED", `${folder} has no ${name}`);
    },
  };
}

/** The commit of a revision: the Hub's word, or the last one known where the network is not to be used. */
async function commitOf(
  revision: string,
  folder: string,
  client: HubClient,
  environment: PretrainedEnvironment,
): Promise<string> {
  const { hub } = environment;
  if (commitPattern.test(revision)) return revision;
  const ref = path.join(folder, "refs", ...revision.split("/"));
  if (hub.isOffline) {
    const known = await readFile(ref, "utf8").catch(() => null);
    if (known !== null && commitPattern.test(known.trim())) return known.trim();
    throw notCached(`${client.repository}@${revision}`, environment);
  }
  const commit = (await client.head(revision, "config.json", false))?.commit;
  if (commit === undefined || !commitPattern.test(commit)) {
    throw new ResnetError(
      "ERR_PRETRAINED",
      `${hub.endpoint} does not state the commit of ${client.repository}@${revision}: it is not an endpoint of the Hub; check HF_ENDPOINT`,
    );
  }
  await mkdir(path.dirname(ref), { recursive: true });
  await writeFileAtomically(ref, `${commit}\n`);
  return commit;
}

const notCached = (what: string, { cacheDir }: PretrainedEnvironment): ResnetError =>
  new ResnetError(
    "ERR_PRETRAINED",
    `${cacheDir} has no ${what}, and nothing is fetched with HF_HUB_OFFLINE or --pretrained-dir: fetch it once without them`,
  );

/** What the Hub says of a file before it is sent. */
interface HubHead {
  readonly commit: string | undefined;
  readonly hash: PublishedHash | null;
}

const mostRedirects = 5;

class HubClient {
  constructor(
    readonly repository: string,
    private readonly environment: PretrainedEnvironment,
  ) {}

  address(revision: string, file: string): string {
    const { endpoint } = this.environment.hub;
    return `${endpoint}/${this.repository}/resolve/${encodeURIComponent(revision)}/${file}`;
  }

  /** `fetch` with the token, which goes to the endpoint only: a redirect to another host loses it. */
  readonly fetch = (url: string, init: RequestInit = {}): Promise<Response> => {
    const { fetch, hub } = this.environment;
    if (hub.token === undefined || new URL(url).origin !== new URL(hub.endpoint).origin)
      return fetch(url, init);
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${hub.token}`);
    return fetch(url, { ...init, headers });
  };

  /**
   * Commit and hash of a file. Large files are redirected to another host; the Hub's own answer has both.
   *
   * @returns null if there is no such file, and it is optional
   */
  async head(revision: string, file: string, isOptional: boolean): Promise<HubHead | null> {
    let address = this.address(revision, file);
    for (let count = 0; count < mostRedirects; count++) {
      const response = await this.ask(address);
      const { status, headers } = response;
      const target = headers.get("location");
      if (status >= 300 && status < 400 && target?.startsWith("/")) {
        address = new URL(target, address).href; // the repository has another name now
        continue;
      }
      if (status === 404 && isOptional) return null;
      if (status >= 400) throw this.refused(address, status);
      const tag = headers.get("x-linked-etag") ?? headers.get("etag") ?? "";
      return { commit: headers.get("x-repo-commit") ?? undefined, hash: hashOf(tag) };
    }
    throw new ResnetError(
      "ERR_PRETRAINED",
      `${address}: the address is redirected again and again`,
    );
  }

  private async ask(address: string): Promise<Response> {
    const { stallTimeoutMs } = this.environment;
    try {
      return await this.fetch(address, {
        method: "HEAD",
        redirect: "manual",
        headers: { "accept-encoding": "identity" },
        signal: AbortSignal.timeout(stallTimeoutMs),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ResnetError(
        "ERR_PRETRAINED",
        `${address}: the Hub cannot be reached: ${reason}; with HF_HUB_OFFLINE=1, files that were fetched before are used`,
        { cause: error },
      );
    }
  }

  private refused(address: string, status: number): ResnetError {
    const { token } = this.environment.hub;
    const isClosed = status === 401 || status === 403;
    const advice =
      token === undefined
        ? "there is no such repository, or it needs a token: set HF_TOKEN"
        : "there is no such repository, or the token in HF_TOKEN has no access to it";
    const reason = isClosed
      ? advice
      : status === 404
        ? "there is no such repository, revision or file"
        : "try again later";
    return new ResnetError("ERR_PRETRAINED", `${address}: the Hub answered ${status}: ${reason}`);
  }
}

/** A file's hash, by the tag that the Hub gives to it: SHA-256 of a large file, git's SHA-1 of a small one. */
function hashOf(tag: string): PublishedHash | null {
  const hex = tag.replace(/^W\//, "").replaceAll('"', "");
  if (/^[0-9a-f]{64}$/.test(hex)) return { algorithm: "sha256", hex };
  if (/^[0-9a-f]{40}$/.test(hex)) return { algorithm: "git", hex };
  return null;
}
