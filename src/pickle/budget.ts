/** What files without many values may cost. */
const allowance = 32 * 1024 * 1024;

/**
 * What reading one file may cost in all, in bytes. Memory and work draw on the same account: a byte that is kept, decoded,
 * copied, hashed or compared costs 1, each time. So the size of the file bounds memory and time, whatever the
 * file asks for and however often it asks for the same.
 */
export class Budget {
  #spent = 0;

  constructor(readonly limit: number) {}

  /** The size of the file and a fixed 32 MiB. */
  static forFile(bytes: number): Budget {
    return new Budget(bytes + allowance);
  }

  get spent(): number {
    return this.#spent;
  }

  /** Spends `bytes`. @returns whether they were left */
  take(bytes: number): boolean {
    this.#spent += bytes;
    return this.#spent <= this.limit;
  }
}
