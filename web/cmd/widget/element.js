// The element kvscope-run: <kvscope-run src="run.safetensors" hide="prompt"></kvscope-run>
// shows a recorded run. Addresses that begin with # are elements of the page that hold the
// file in base64. The program is fetched once, from beside this script.
(() => {
  "use strict";

  const script = document.currentScript;

  async function bytesAt(address) {
    if (address.startsWith("#")) {
      const text = document.getElementById(address.slice(1)).textContent.trim();
      return plain(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    }
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: status ${response.status} ${response.statusText}`);
    return plain(new Uint8Array(await response.arrayBuffer()));
  }

  // Files may be gzip; their first bytes tell.
  async function plain(bytes) {
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  let running;
  function program() {
    running ??= (async () => {
      const go = new Go();
      const code = await bytesAt(script.dataset.program ?? new URL("widget.wasm.gz", script.src).href);
      const { instance } = await WebAssembly.instantiate(code, go.importObject);
      go.run(instance);
    })();
    return running;
  }

  customElements.define("kvscope-run", class extends HTMLElement {
    async connectedCallback() {
      if (this.dataset.state) return; // it was moved
      this.dataset.state = "loading";
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      try {
        const [file] = await Promise.all([bytesAt(this.getAttribute("src") ?? ""), program()]);
        if (!root.querySelector("style")) {
          root.append(Object.assign(document.createElement("style"), { textContent: globalThis.kvscopeRunStyles }));
        }
        const problem = globalThis.kvscopeShowRun(root, file, this.getAttribute("hide") ?? "");
        if (problem) throw new Error(problem);
        this.dataset.state = "shown";
      } catch (err) {
        this.dataset.state = "failed";
        const said = Object.assign(document.createElement("p"), { textContent: `kvscope cannot show this run: ${err.message}` });
        said.setAttribute("role", "alert");
        root.append(said);
      }
    }
  });
})();
