// stream_parser.cjs URL: fetch, and the eventsource-parser package's bare parser
const { createParser } = require('eventsource-parser');
(async () => {
  const response = await fetch(process.argv[2], {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true }) });
  let bytes = 0, chunks = 0;
  const parser = createParser({ onEvent: ({ data }) => {
    if (data === '[DONE]') return;
    bytes += Buffer.byteLength(JSON.parse(data).choices[0]?.delta?.content ?? '');
    chunks++;
  } });
  const decoder = new TextDecoder();
  for await (const part of response.body) {
    parser.feed(decoder.decode(part, { stream: true }));
  }
  console.log(`chunks=${chunks} bytes=${bytes}`);
})();
