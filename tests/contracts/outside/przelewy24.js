// Runs apart from the tests: a line in is a call of @ingameltd/node-przelewy24, a line out what it led to.
"use strict";

const readline = require("node:readline");
const { P24 } = require("@ingameltd/node-przelewy24");

const account = JSON.parse(process.argv[2]);
const shop = new P24(account.merchant, account.merchant, account.key, account.crc, { sandbox: true });
shop.baseUrl = account.url;
shop.client.defaults.baseURL = `${account.url}/api/v1`;

async function answer(line) {
  const { call, values } = JSON.parse(line);
  try {
    return { result: await shop[call](...values) };
  } catch (fault) {
    return { refused: String(fault.message) };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
})();
