// What the server says, as the pages read it. Type check only; the browser never sees this file.

export type Gravity = "life_threat" | "urgent" | "routine" | "service";
export interface Account { id: string; login: string; name: string; roles: string[]; areas: string[] }
export interface Session {
  account: Account; csrf: string;
  is_locked?: boolean; lock_after_s?: number | null; has_second_factor?: boolean; second_factor_needed?: boolean;
}
export interface Place { lon: number; lat: number; accuracy_m?: number | null; source?: string; at?: string | null }

export interface Resident {
  id: string; name: string; telephone?: string; address?: string | null; language?: string;
  communication?: string; state?: string; ability?: string; lives_alone?: boolean;
}
export interface Offer {
  id: string; caregiver_id: string; caregiver_name: string; state: string; made_at: string; answer_by: string;
  sent_at: string | null; shown_at: string | null; not_shown_at: string | null;
  travel_s: number | null; distance_m: number | null; reason: string | null;
}
export interface Attendance {
  id: string; caregiver_id: string; caregiver_name: string; state: string; accepted_at: string | null;
  en_route_at: string | null; on_scene_at: string | null; due_by: string | null; eta_at?: string | null;
  overdue: boolean; outcome: string | null; asked?: boolean; trouble?: string; trouble_by?: string | null;
}
export interface Party {
  party: string; state: string; by_hand: boolean; attempt: number; told_at: string; until: string | null;
  by_name: string; acknowledged_at: string | null;
}
export interface Claim { operator_id: string; name: string; until: string }
export interface Incident {
  id: string; kind: string; gravity: Gravity; status: string; raised_at: string; due_at: string;
  rank: (boolean | string | number)[]; presses: number; pressing?: boolean; silent?: boolean; contact?: string[]; usual?: string;
  stages?: { name: string; due_at: string; warned: boolean; breached: boolean; met_at: string | null }[];
  first_for?: { operator_id: string; until: string } | null; last_press_at: string | null; siren: boolean;
  desk: string; channel: string; handset_id: string | null; caregiver?: { id: string; name: string } | null; resident: Resident | null;
  area: { code: string; names: string[] } | null; place: Place | null; claim: Claim | null;
  ladder: { level: string; round: number; until: string | null } | null;
  offers: Offer[]; attendances: Attendance[]; parties: Party[]; handled_at: string | null; linked_to: string | null; cancelled: boolean; confirm_by?: string | null;
  note: string | null; directions?: string; disposition: string | null; closed_at: string | null;
  held_until?: string | null; hold_max_s?: number | null;
  offered_to?: { operator_id: string; name: string; answer_by: string } | null;
}
export interface Entry { number: number; at: string; kind: string; by: string | null; by_name?: string | null; text_key?: string; data: Record<string, unknown> }
export interface Reason { verdict: string; lacks?: string[]; handicap_s?: number }
export interface Considered extends Reason { caregiver_id: string; name: string; travel_s: number | null; distance_m: number | null }
export interface OfferChoice { offer_id: string; at: string; level: string; chosen: string; considered: Considered[]; others: Record<string, number> }
export interface Note { at?: string; by?: string; text: string }
export interface Contact { whom: string; caregiver_id: string | null; name: string; telephone: string; why: string }
export interface Prompt { id: string; done_at: string | null; by: string | null }
export interface EarlierCall { id: string; kind: string; gravity: Gravity; raised_at: string; closed_at: string | null; disposition: string | null }
export interface IncidentInFull extends Incident {
  contacts?: Contact[]; prompts?: Prompt[]; earlier?: EarlierCall[]; born_year?: number | null; has_photo?: boolean;
  timeline: Entry[]; considered: OfferChoice[]; medical: string | null; key_note: string | null; notes: (Note | string)[];
}
export interface Candidate extends Reason { caregiver_id: string; name: string; kind: string; travel_s: number | null; distance_m: number | null }
export interface Dot { id: string; name: string; kind: string; on_duty: boolean; busy: boolean; lon: number | null; lat: number | null; at: string | null; source: string | null }

export interface AtDesk { operator_id: string; name: string; is_supervisor: boolean; areas?: string[] }
export interface ShiftHandOver { of: string; of_name: string; to: string; incident_ids: string[]; answer_by: string }
export interface Overload { since: string; waiting: number }
export interface RoundAtDesk { id: string; left: number; total: number; overdue: boolean }
export interface RoundInFull extends RoundAtDesk {
  reason: string; began_at: string; move_by: string;
  next: { resident: Resident | null; area: { code: string; names: string[] } | null; tried_at: string | null }[];
}
export interface TheDesk {
  operators: AtDesk[]; hand_overs: ShiftHandOver[]; overload: Overload | null; back_since: string | null; rounds: RoundAtDesk[];
}

export interface Share { within_s: number; target_pct: number; in_time: number; calls: number }
export interface StreetFigures { code: string; name: string; level: string; free: number; on_duty: number }
export interface WallFigures {
  server_time: string; areas: string[]; operators: number; overload: Overload | null; rounds: RoundAtDesk[];
  calls: { open: number; waiting: number; grave: number; waiting_since: string | null; to_close: number };
  answered: { hour: Share[]; day: Share[] }; coming: { accepted: number; en_route: number; on_scene: number };
  streets: StreetFigures[];
  handsets: { silent: number; all: number; silent_after_s: number; counted_at: string | null };
}

export interface Group<T> { items: T[]; more: number; more_is_least: boolean }
export interface FoundResident extends Resident {
  address: string | null; area: { code: string; names: string[] } | null; open: string[];
}
export interface FoundHandset { id: string; resident: FoundResident | null }
export interface FoundCaregiver {
  id: string; name: string; kind: string; telephone: string; area: { code: string; names: string[] } | null; on_duty: boolean; busy: boolean;
}
export interface FoundIncident { id: string; kind: string; status: string; raised_at: string; resident_name: string | null }
export interface SearchAnswer {
  incidents?: Group<FoundIncident>; residents?: Group<FoundResident>; handsets?: Group<FoundHandset>; caregivers?: Group<FoundCaregiver>;
}

export interface Viewer { operator_id: string; name: string }
export interface Frame {
  type: string; incident_id?: string; cursor?: string; incidents?: Incident[]; incident?: Incident; caregivers?: Dot[]; dots?: Dot[];
  operators?: (AtDesk | Viewer)[]; hand_overs?: ShiftHandOver[]; overload?: Overload | null; back_since?: string | null; rounds?: RoundAtDesk[]; server_time?: string; tracks_full?: boolean; parked?: number;
}

export interface OfferToMe {
  id: string; incident_id: string; kind: string; gravity: Gravity; made_at: string; answer_by: string; travel_s: number | null;
  distance_m: number | null; shown: boolean; address: string | null; area: string | string[] | { names: string[] } | null;
  place: Place | null; resident: { name: string; communication?: string; language?: string } | null;
}
export interface AttendanceOfMine {
  id: string; incident_id: string; kind: string; gravity: Gravity; state: string; accepted_at: string; due_by: string | null;
  address: string | null; area: string | string[] | { names: string[] } | null; place: Place | null;
  resident: {
    name: string; telephone?: string; communication?: string; language?: string; ability?: string; medical?: string; key_note?: string;
  } | null;
  note: string | null; directions?: string; asked_until?: string | null; trouble?: string; trouble_by?: string | null;
  ways?: { app: string; datum: string; url: string }[];
}
export interface Shifts {
  hours: { day: string; from: string; to: string }[]; zone: string; on_duty: boolean; on_duty_since: string | null;
  off_duty_since: string | null; resting_until: string | null; area: { names: string[] } | null;
}
export interface PastWork {
  id: string; kind: string; gravity: Gravity; area: { names: string[] } | null; state: string; accepted_at: string;
  en_route_at: string | null; on_scene_at: string | null; ended_at: string | null; outcome: string | null;
}
export interface Sketch { lines: { kind: string; name: string; points: [number, number][] }[] }
export interface CaregiverState {
  caregiver: { id: string; name: string; kind: string }; on_duty: boolean; resting_until?: string | null;
  server_time: string; offers: OfferToMe[]; attendances: AttendanceOfMine[]; on_duty_since?: string | null;
  desk_telephone?: string; alarm?: { id: string; raised_at: string; heard: boolean } | null;
}

export interface Coming { caregiver_name: string; kind: string; state: string; eta_at: string | null; distance_m: number | null }
export interface HandsetIncident {
  id: string; kind: string; status: string; raised_at: string; presses: number; heard_by_operator: boolean;
  coming: Coming[]; closed_at: string | null; disposition: string | null;
}
export interface HandsetState { handset_id: string; resident: { name: string } | null; server_time: string; incidents: HandsetIncident[] }
export interface EventResult { event_id: string; result: string; incident_id: string | null; joined?: boolean }

export type Words = (key: string, values?: Record<string, unknown>) => string;
