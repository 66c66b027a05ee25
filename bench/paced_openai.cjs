// paced_openai.cjs STREAMS URL EVENTS GAP WAIT: as paced.lua, by the openai package
// paced_openai.cjs STREAMS URL: as idle.lua
const OpenAI = require('openai');
const [streams, url, events, gap, wait] = process.argv.slice(2);
const path = events ? `/paced/${events}/${gap}/${wait}` : '/idle';
const client = new OpenAI({ apiKey: 'sk-test', maxRetries: 0,
  baseURL: `${url}${path}/llmage/v1` });
const late = [];
let failed = 0, begun = 0, opened, before;

function used() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function begin() {
  if (++begun < streams) return;
  if (!events) {
    const kib = (process.memoryUsage().rss / 1024 - before) / streams;
    console.log(`kib_per_stream=${kib.toFixed(2)}`);
    process.exit();
  }
  late.length = 0;
  opened = used();
}

async function read() {
  const stream = await client.chat.completions.create({ model: 'm', stream: true,
    messages: [{ role: 'user', content: 'hi' }] });
  let is_first = true;
  for await (const chunk of stream) {
    if (is_first) begin();
    is_first = false;
    const sent = Number(chunk.choices[0].delta.content);
    late.push(Number(process.hrtime.bigint() / 1000n) - sent);
  }
}

(async () => {
  before = process.memoryUsage().rss / 1024;
  const all = Array.from({ length: streams }, () => read().catch(() => failed++));
  await Promise.all(all);
  const cpu = used() - opened;
  late.sort((a, b) => a - b);
  const at = (part) => (late[Math.ceil(late.length * part) - 1] / 1000).toFixed(2);
  console.log(`failed=${failed} events=${late.length} us_per_event=${
    (cpu / late.length).toFixed(3)} p50_ms=${at(0.5)} p99_ms=${at(0.99)} max_ms=${at(1)}`);
})();
