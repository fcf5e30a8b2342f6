/** Cookies and crumbs: a page gives a cookie, the cookie gives a crumb, and the crumb is good for so many requests with that cookie. */
export class Sessions {
  readonly #uses: number;
  readonly #left = new Map<string, number>();
  #count = 0;

  constructor(uses: number) {
    this.#uses = uses;
  }

  newCookie(): string {
    this.#count++;
    return `A3=sim${this.#count}; Max-Age=31557600; Domain=.yahoo.com; Path=/; Secure; HttpOnly`;
  }

  /** Undefined: no cookie, no crumb. */
  crumb(cookie: string | undefined): string | undefined {
    const name = nameOf(cookie);
    if (name === undefined) return undefined;
    const crumb = `crumb.${name}`;
    if (!this.#left.has(crumb)) this.#left.set(crumb, this.#uses);
    return crumb;
  }

  isGood(cookie: string | undefined, crumb: string | null): boolean {
    const left = crumb === null ? undefined : this.#left.get(crumb);
    if (crumb === null || crumb !== `crumb.${nameOf(cookie)}` || left === undefined || left <= 0)
      return false;
    this.#left.set(crumb, left - 1);
    return true;
  }
}

function nameOf(cookie: string | undefined): string | undefined {
  return /(?:^|; )A3=(sim\d+)/.exec(cookie ?? '')?.[1];
}
