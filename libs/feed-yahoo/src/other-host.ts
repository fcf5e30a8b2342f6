import { err, ok, TickwellError, type Result } from '@tickwell/domain';

/** Hosts that yahoo-finance2 asks. */
const YAHOO_HOST = /(?:^|\.)yahoo\.com$/;

/** An address that stands in for Yahoo's hosts, for example a simulator: "http://127.0.0.1:8080". */
export function parseBaseUrl(text: string): Result<URL, string> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    return err(`"${text.slice(0, 200)}" is not an address such as http://127.0.0.1:8080`);
  return ok(url);
}

/**
 * Sends what is meant for Yahoo to `baseUrl`, paths and queries unchanged. The library goes on to see Yahoo's own addresses, which its
 * cookies belong to; anything else is not asked at all.
 */
export function toOtherHost(network: typeof fetch, baseUrl: URL): typeof fetch {
  const prefix = baseUrl.pathname.replace(/\/$/, '');
  return (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    if (!YAHOO_HOST.test(asked.hostname))
      return Promise.reject(
        new TickwellError(
          'yahoo-answer',
          `Yahoo sends on to ${asked.host}, which is not asked: baseUrl is set`,
        ),
      );
    return network(new URL(`${prefix}${asked.pathname}${asked.search}`, baseUrl), init);
  };
}
