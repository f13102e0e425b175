// @ts-check
// The page without network: a worker keeps what it is made of. A new version is taken when nothing is in hand.
import { effect, signal } from "@preact/signals";
import { state, unsent } from "./watch.mjs";

/** Whether this page can be opened without network. */
export const isKept = signal(false);
const isNew = signal(false);

export function startOffline() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const hadOne = workers.controller !== null;
  workers.addEventListener("controllerchange", () => (isNew.value = hadOne));
  workers.register("/pages/caregiver/worker.js", { scope: "/caregiver" }).then(
    () => workers.ready.then(() => {
      isKept.value = true;
      document.documentElement.dataset.kept = "yes";
    }),
    () => undefined, // Then it works while there is network.
  );
  effect(() => {
    if (isNew.value && isQuiet()) location.reload();
  });
}

function isQuiet() {
  const now = state.value;
  return unsent.value.length === 0 && (now === null || now.offers.length + now.attendances.length === 0);
}
