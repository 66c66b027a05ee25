// eventsource.cjs: for each line of stdin, a stream in hexadecimal, the text that
// the eventsource-parser package finds in its chunks.
const { createParser } = require('eventsource-parser');

function read(bytes) {
  let text = '', done = false;
  const parser = createParser({ onEvent: ({ data }) => {
    let chunk;
    if (done || data === '[DONE]') { done = true; return; }
    try { chunk = JSON.parse(data); } catch { return; } // a sign of life
    text += chunk?.choices?.[0]?.delta?.content ?? '';
  } });
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += 7) {
    parser.feed(decoder.decode(bytes.subarray(at, at + 7), { stream: true }));
  }
  return Buffer.from(text).toString('hex');
}

const lines = require('fs').readFileSync(0, 'utf8').split('\n').slice(0, -1);
for (const line of lines) console.log(read(Buffer.from(line, 'hex')));
