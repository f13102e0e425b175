// What the family door says. Type check only; the browser never sees this file.

export interface Coming { name: string; role: string; state: string; eta_at: string | null; arrived_at: string | null }
export interface Call {
  id: string; kind: string; status: string; raised_at: string; presses: number; heard: boolean; accepted_at: string | null;
  arrived_at: string | null; coming: Coming[]; closed_at: string | null; disposition: string | null;
}
export interface KinResident {
  id: string; name: string; state: string; zone: string; checked_in_at: string | null; heard_at: string | null;
  battery_pct: number | null; shows_place: boolean; call: Call | null;
}
export interface Word {
  id: number; resident_id: string; kind: "message" | "contact" | "absence"; said: Record<string, string | null>; said_at: string;
  settled_at: string | null; accepted: boolean | null;
}
export interface KinState {
  type?: string; server_time: string; member: { name: string }; residents: KinResident[]; words: Word[]; desk_telephone: string;
}
