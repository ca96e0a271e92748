/**
 * What the name of a column says about its values, whatever they look like.
 *
 * @module
 */

/** Digits that are never calculated with: phones, postal codes, versions, account numbers. */
const NOT_A_NUMBER = new Set(
  ("phone telephone telefon tel fax mobile cell cellphone handy msisdn zip zipcode postal postcode plz cep " +
    "postleitzahl cap version ver release revision build hash sha sha1 sha256 md5 checksum commit sku ean gtin upc " +
    "isbn issn iban bic swift imei iccid vin ssn vat ustid siret siren nif account konto kontonummer " +
    "serial seriennummer barcode npi cusip isin passport licence license plate code nummer number no nr fips")
    .split(
      " ",
    ),
);
/** Names of measures, which hold numbers even when a word such as "number" is in them. */
const MEASURE = new Set(
  "count amount size length width height weight total sum population bytes quantity qty score rate"
    .split(" "),
);
const MONEY = new Set(
  ("price prices amount cost costs fee fees charge revenue sales turnover salary wage budget tax discount balance " +
    "payment paid debit credit eur usd gbp chf euro dollar betrag preis kosten umsatz gehalt summe montant prix " +
    "importe precio saldo netto brutto net gross subtotal total").split(" "),
);
const MOMENT = new Set(
  "time timestamp ts epoch date datetime day created updated modified at when datum zeit".split(
    " ",
  ),
);
const ADDRESS = new Set(["ip", "ipv4", "ipv6", "inet", "addr", "address"]);

/**
 * The words of a column name in lower case, without accents.
 *
 * @example
 * ```ts
 * import { wordsOf } from "./name_hints.ts";
 * wordsOf("customerID_Nr."); // ["customer", "id", "nr"]
 * ```
 */
export function wordsOf(name: string): string[] {
  return name.normalize("NFKD").replaceAll(/\p{M}/gu, "")
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Whether digits in a column of this name are a label, not a number: "Zip Code", "phone", "version". */
export function namesALabel(name: string): boolean {
  const words = wordsOf(name);
  // "number of passengers", "no_of_items"
  if (words.includes("of") || words.some((word) => MEASURE.has(word))) return false;
  return words.some((word) => NOT_A_NUMBER.has(word.replace(/\d+$/, "")));
}

export function namesMoney(name: string): boolean {
  return wordsOf(name).some((word) => MONEY.has(word));
}

/** Whether the name says date or time: "created_at", "Datum". */
export function namesMoment(name: string): boolean {
  return wordsOf(name).some((word) => MOMENT.has(word));
}

export function namesAddress(name: string): boolean {
  return wordsOf(name).some((word) => ADDRESS.has(word));
}

/** Whether the name is that of a measure: large whole numbers are then numbers. */
export function namesMeasure(name: string): boolean {
  return wordsOf(name).some((word) => MEASURE.has(word) || MONEY.has(word));
}

/** Whether the name ends as the name of a key of this or another table: "id", "customer_id". */
export function namesAnId(name: string): boolean {
  const last = wordsOf(name).at(-1);
  return last === "id" || last === "ids" || last === "key" || last === "pk";
}
