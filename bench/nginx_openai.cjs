// nginx_openai.cjs PORT FILE: what bench/nginx_proxy.conf serves, by Node and the
// openai package: /openai/UPSTREAM/WAY hands a chat stream on, a text a line, and
// /slow answers after 50 ms. Makes FILE once it listens.
const fs = require('fs');
const http = require('http');
const OpenAI = require('openai');
const [port, file] = process.argv.slice(2);

async function handOn(upstream, way, response) {
  const client = new OpenAI({ apiKey: 'sk-test', maxRetries: 0,
    baseURL: `http://127.0.0.1:${upstream}${way}/llmage/v1` });
  const stream = await client.chat.completions.create({ model: 'm', stream: true,
    messages: [{ role: 'user', content: 'hi' }] });
  for await (const chunk of stream) {
    const text = chunk.choices[0]?.delta?.content;
    if (text) response.write(`${text}\n`);
  }
  response.end();
}

const server = http.createServer((request, response) => {
  const found = request.url.match(/^\/openai\/(\d+)(\/.*)$/);
  if (found) handOn(found[1], found[2], response).catch(() => response.destroy());
  else setTimeout(() => response.end('done\n'), 50);
});
server.listen({ port, host: '127.0.0.1', backlog: 4096 },
  () => fs.writeFileSync(file, ''));
