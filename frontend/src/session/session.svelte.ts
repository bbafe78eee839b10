import { answer, api, onUnauthorised } from "../api/client";
import { openLetters } from "../annotate/letters";
import { deliver } from "../annotate/calls";
import { Outbox } from "../annotate/outbox.svelte";
import type { Handout } from "../annotate/types";
import { mayBe, type Role } from "./roles";

export interface Person {
  username: string;
  role: Role;
}

/** Who is signed in, and the outbox of what that person did. */
class Session {
  person = $state.raw<Person | null>(null);
  demo = $state(false);
  /** How often somebody has signed in here: what was asked for before is asked for anew. */
  entries = $state(0);
  known = $state(false);
  outbox = $state.raw<Outbox<Handout> | null>(null);
  #refused = $state(false);

  constructor() {
    onUnauthorised(() => (this.#refused = this.person !== null));
  }

  /** The server no longer knows this browser, while somebody is at work: sign in again over the page. */
  get expired(): boolean {
    return this.#refused || this.outbox?.trouble === "expired";
  }

  async load(signal?: AbortSignal): Promise<void> {
    const { user, demo } = await answer(api.GET("/api/v1/session/", { signal: signal ?? null }));
    this.demo = demo;
    await this.#become(user);
    this.known = true;
  }

  async signIn(username: string, password: string): Promise<void> {
    await answer(api.POST("/api/v1/session/", { body: { username, password } }));
    await this.load();
  }

  async lookAroundAs(role: Role): Promise<void> {
    await answer(api.POST("/api/v1/session/demo/", { body: { role } }));
    await this.load();
  }

  async accept(secret: string, username: string, password: string): Promise<void> {
    await answer(api.POST("/api/v1/invitations/accept/", { body: { secret, username, password } }));
    await this.load();
  }

  /** Whether everything this person did has reached the server. */
  async flushed(): Promise<boolean> {
    return (await this.outbox?.flush(5000)) ?? true;
  }

  async signOut(): Promise<void> {
    await answer(api.DELETE("/api/v1/session/"));
    await this.#become(null);
  }

  may(least: Role): boolean {
    return this.person !== null && mayBe(this.person.role, least);
  }

  async #become(person: Person | null): Promise<void> {
    this.#refused = false;
    this.entries += 1;
    const same = person !== null && person.username === this.person?.username;
    if (same && person.role === this.person?.role) return this.#resume();
    this.person = person;
    this.outbox?.stop();
    this.outbox = person ? new Outbox(person.username, await openLetters(), deliver) : null;
    this.outbox?.onDelivered(() => (this.#refused = false));
    this.outbox?.start();
  }

  #resume(): void {
    if (!this.outbox) return;
    this.outbox.trouble = null;
    this.outbox.wake();
  }
}

export const session = new Session();
