// Addresses of mail that are taken: plain ASCII ones, as HTML's input fields have them, which need no quotes in a header.
const ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const MOST_CHARACTERS = 254;

export function canReceiveMail(name: string): boolean {
  return name.length <= MOST_CHARACTERS && ADDRESS.test(name);
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}
