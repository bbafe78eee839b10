import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Flagging, Skipping, Submission } from "./types";

interface About {
  batch: string;
  assignment: string;
}

/** What a person did to an assignment, as it will be told to the server. */
export type Letter =
  | (About & { kind: "submission"; body: Submission })
  | (About & { kind: "skip"; body: Skipping })
  | (About & { kind: "flag"; body: Flagging });

export type OwnedLetter = Letter & { username: string; refusal?: string };
export type StoredLetter = OwnedLetter & { key: number };

export interface LetterStore {
  add(letter: OwnedLetter): Promise<void>;
  put(letter: StoredLetter): Promise<void>;
  remove(key: number): Promise<void>;
  /** A person's letters, oldest first. */
  all(username: string): Promise<StoredLetter[]>;
}

interface Schema extends DBSchema {
  letters: { key: number; value: OwnedLetter; indexes: { username: string } };
}

/** Letters in IndexedDB: they outlive the tab, the browser and the person's session. */
class DeviceStore implements LetterStore {
  constructor(private readonly database: IDBPDatabase<Schema>) {}

  async add(letter: OwnedLetter): Promise<void> {
    await this.database.add("letters", letter);
  }

  async put({ key, ...letter }: StoredLetter): Promise<void> {
    await this.database.put("letters", letter as OwnedLetter, key);
  }

  remove(key: number): Promise<void> {
    return this.database.delete("letters", key);
  }

  async all(username: string): Promise<StoredLetter[]> {
    const letters: StoredLetter[] = [];
    let cursor = await this.database.transaction("letters").store.index("username").openCursor(username);
    while (cursor) {
      letters.push({ ...cursor.value, key: cursor.primaryKey });
      cursor = await cursor.continue();
    }
    return letters;
  }
}

/** Where the browser grants no storage (some private windows): letters live as long as the tab. */
class TabStore implements LetterStore {
  readonly #letters = new Map<number, StoredLetter>();
  #next = 1;

  async add(letter: OwnedLetter): Promise<void> {
    const key = this.#next++;
    this.#letters.set(key, { ...letter, key });
  }

  async put(letter: StoredLetter): Promise<void> {
    this.#letters.set(letter.key, letter);
  }

  async remove(key: number): Promise<void> {
    this.#letters.delete(key);
  }

  async all(username: string): Promise<StoredLetter[]> {
    return [...this.#letters.values()].filter((letter) => letter.username === username);
  }
}

export async function openLetters(name = "stickerloop"): Promise<LetterStore> {
  try {
    const database = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("letters", { autoIncrement: true }).createIndex("username", "username");
      },
    });
    return new DeviceStore(database);
  } catch {
    return new TabStore();
  }
}
