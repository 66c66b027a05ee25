// stream_openai.cjs BASE_URL: the openai package
const OpenAI = require('openai');
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.argv[2], maxRetries: 0 });
(async () => {
  const stream = await client.chat.completions.create({
    model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] });
  let bytes = 0, chunks = 0;
  for await (const chunk of stream) {
    bytes += Buffer.byteLength(chunk.choices[0]?.delta?.content ?? '');
    chunks++;
  }
  console.log(`chunks=${chunks} bytes=${bytes}`);
})();
