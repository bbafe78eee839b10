import { answer, api } from "../api/client";
import type { components } from "../api/schema";
import type { PageOf } from "../look/paged.svelte";
import type { Role } from "../session/roles";

type Schemas = components["schemas"];
export type Person = Schemas["Person"];
export type Invitation = Schemas["Invitation"];
export type ActiveDay = Schemas["ActiveDay"];
export type NewInvitation = Schemas["NewInvitation"];

const query = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export const people = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Person>> =>
  answer(api.GET("/api/v1/people/", { params: { query: query(cursor) }, signal }));

export const changePerson = (id: number, body: { role?: Role; is_active?: boolean }): Promise<Person> =>
  answer(api.PATCH("/api/v1/people/{id}/", { params: { path: { id } }, body }));

export const activeTime = (days: { since?: string; until?: string }, cursor: string | undefined, signal: AbortSignal): Promise<PageOf<ActiveDay>> =>
  answer(api.GET("/api/v1/active_time/", { params: { query: { ...days, ...query(cursor) } }, signal }));

export const invitations = (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Invitation>> =>
  answer(api.GET("/api/v1/invitations/", { params: { query: query(cursor) }, signal }));

export const invite = (body: Schemas["InviteRequest"]): Promise<NewInvitation> => answer(api.POST("/api/v1/invitations/", { body }));

export const withdraw = (id: number): Promise<unknown> => answer(api.DELETE("/api/v1/invitations/{id}/", { params: { path: { id } } }));
