// Keeps what the caregiver's page is made of, so that it opens without network. Never touches what is said to the desk.
// The server writes the next two lines: a page that has changed makes another worker, and so a whole new set of files.
const VERSION = "none";
const SHELL = [];

const KEPT = `ydt-caregiver-${VERSION}`;

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(fromKept(event.request, pathname));
});

async function keepAll() {
  const kept = await caches.open(KEPT);
  await kept.addAll(SHELL.map((path) => new Request(path, { cache: "no-cache" })));
  await self.skipWaiting();
}

async function forgetOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith("ydt-caregiver-") && name !== KEPT) await caches.delete(name);
  }
  await self.clients.claim();
}

async function fromKept(request, pathname) {
  const kept = await caches.open(KEPT);
  return (await kept.match(pathname)) ?? fetch(request);
}
