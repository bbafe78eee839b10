/** Where the browser is, and how to go elsewhere: the History API and nothing more. */
class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  /** Follows the browser's buttons and plain links inside the product. Returns what undoes it. */
  start(): () => void {
    const listening = new AbortController();
    addEventListener("popstate", () => this.#read(), { signal: listening.signal });
    document.addEventListener("click", (event) => this.#click(event), { signal: listening.signal });
    return () => listening.abort();
  }

  go(address: string, { replace = false }: { replace?: boolean } = {}): void {
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    const moved = location.pathname !== this.path;
    this.#read();
    if (moved) scrollTo(0, 0);
  }

  /** Changes one entry of the query, so that a filter lives in the address. Empty removes it. */
  filter(name: string, value: string): void {
    const query = new URLSearchParams(this.query);
    if (value) query.set(name, value);
    else query.delete(name);
    this.go(query.size ? `${this.path}?${query}` : this.path, { replace: true });
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !isOurs(link, event)) return;
    event.preventDefault();
    if (link.pathname + link.search !== this.path + location.search) this.go(link.pathname + link.search);
  }
}

const SERVED_ELSEWHERE = /^\/(api|media|static)\//;

function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const here = link.origin === location.origin && !link.target && !link.hasAttribute("download");
  return plain && !event.defaultPrevented && here && !SERVED_ELSEWHERE.test(link.pathname);
}

export const router = new Router();
