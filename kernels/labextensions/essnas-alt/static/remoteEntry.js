// JupyterLab shows a figure of an output as an <img> without a text alternative, although the
// output holds one in text/plain. This extension copies that text to the image, for screen readers.
// It also keeps the image within its pane: JupyterLab 4.6 limits the width of an <svg>, but shows a
// figure in SVG as an <img>, which a narrow pane cuts off.
//
// The file has the form in which JupyterLab loads extensions, a container of webpack's module
// federation, so that nothing has to be built. It changes the classes that show images before
// JupyterLab starts: a plugin could come after the first notebook.
(() => {
	let shared; // the modules that JupyterLab shares with its extensions

	const load = async (name) => {
		const versions = shared[name];
		return (await versions[Object.keys(versions)[0]].get())();
	};

	window._JUPYTERLAB = window._JUPYTERLAB || {};
	window._JUPYTERLAB["essnas-alt"] = {
		init: (scope) => { shared = scope; },
		get: async () => {
			const { RenderedImage, RenderedSVG } = await load("@jupyterlab/rendermime");
			for (const { prototype } of [RenderedImage, RenderedSVG]) {
				const render = prototype.render;
				prototype.render = async function (model) {
					await render.call(this, model);
					const text = [model.data["text/plain"] ?? ""].flat().join("").trim();
					this.node.querySelectorAll("img").forEach((image) => {
						if (text) image.alt = text;
						image.style.maxWidth = "100%";
						image.style.height = "auto";
					});
				};
			}
			return () => ({ __esModule: true, default: [] }); // no plugins
		},
	};
})();
