export const ROLES = ["annotator", "researcher", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether `role` is `least` or above. */
export function mayBe(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export const ROLE_MEANS: Record<Role, string> = {
  annotator: "Judge loops: which of them would you share?",
  researcher: "Queue batches, watch them fill, compare models.",
  admin: "All of that, and people, invitations and exports.",
};
