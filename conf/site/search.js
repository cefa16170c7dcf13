/* search.js - the search of the reference. Everything else works without it.
 *
 * The words of a language (words.js) are a script that calls whybounceWords with
 * rows of path, code, name and text. It is loaded when somebody first uses the
 * box: a page opened from a disk cannot fetch. */
(function () {
	"use strict";

	var form = document.querySelector(".search");
	if (!form)
		return;

	var MOST = 30;
	var input = form.querySelector("input");
	var found = form.querySelector(".found");
	var status = found.querySelector("p");
	var list = found.querySelector("ul");
	var rows = null, loading = false;

	/* "Übergroß" is found by "ubergross". Marks of Thai stay: they are vowels. */
	function fold(text) {
		return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
			.replace(/đ/g, "d").replace(/ı/g, "i").replace(/ß/g, "ss")
			.replace(/ø/g, "o").replace(/ł/g, "l").replace(/æ/g, "ae").replace(/œ/g, "oe")
			.replace(/[’ʼ‘]/g, "'");
	}

	window.whybounceWords = function (table) {
		rows = table.map(function (row) {
			return {
				path: row[0], code: row[1], name: row[2],
				id: fold(row[0].replace(/^[a-z]+\/|\.html$/g, "").replace(/[_.]/g, " ")),
				foldedName: fold(row[2]), foldedText: fold(row[3]),
			};
		});
		search();
	};

	function load() {
		if (loading)
			return;
		loading = true;
		var script = document.createElement("script");
		script.src = form.dataset.words;
		document.head.append(script);
	}

	/* How well a word fits a row; 0: not at all. */
	function fit(row, word) {
		if (row.code) {
			if (row.code === word)
				return 100;
			if (/^[0-9x]/.test(word) && row.code.startsWith(word))
				return 40;
			if (/^x\./.test(word) && row.code.slice(1) === word.slice(1))
				return 60;
		}
		var at = row.foldedName.indexOf(word);
		if (at === 0)
			return 20;
		if (at > 0)
			return /[^\p{L}\p{M}\p{N}]/u.test(row.foldedName[at - 1]) ? 15 : 10;
		if (row.id.includes(word))
			return 8;
		return row.foldedText.includes(word) ? 3 : 0;
	}

	function rate(row, words, phrase) {
		var sum = row.foldedName.includes(phrase) || row.id.includes(phrase) ? 10 : 0;
		for (var i = 0; i < words.length; i++) {
			var points = fit(row, words[i]);
			if (points === 0)
				return 0;
			sum += points;
		}
		return sum + (row.code ? 0 : 12);	/* a cause before its codes */
	}

	function find(phrase) {
		var words = phrase.split(/[\s,;]+/).filter(Boolean);
		var hits = [];
		rows.forEach(function (row, i) {
			var points = rate(row, words, phrase);
			if (points > 0)
				hits.push({ row: row, points: points, at: i });
		});
		return hits.sort(function (a, b) {
			return b.points - a.points || a.at - b.at;
		});
	}

	function entry(row) {
		var item = document.createElement("li"), link = document.createElement("a");
		link.href = form.dataset.up + row.path;
		if (row.code) {
			var number = document.createElement("b");
			number.className = "number c" + row.code[0];
			number.dir = "ltr";
			number.textContent = row.code;
			link.append(number, " ");
		}
		var name = document.createElement("span");
		name.textContent = row.name;
		link.append(name);
		if (!row.code) {
			var kind = document.createElement("small");
			kind.textContent = form.dataset.cause;
			link.append(kind);
		}
		item.append(link);
		return item;
	}

	function search() {
		var phrase = fold(input.value.trim());
		if (!phrase) {
			close();
			return;
		}
		if (!rows) {
			load();
			return;
		}
		var hits = find(phrase);
		list.replaceChildren.apply(list, hits.slice(0, MOST).map(function (hit) {
			return entry(hit.row);
		}));
		found.hidden = false;
		status.textContent = hits.length ?
			form.dataset.results.replace("{n}", hits.length) : form.dataset.none;
	}

	function close() {
		found.hidden = true;
		list.replaceChildren();
		status.textContent = "";
	}

	/* Arrows go through the results, Escape leaves them. */
	function move(step) {
		var stops = [input].concat(Array.from(list.querySelectorAll("a")));
		var at = stops.indexOf(document.activeElement) + step;
		if (at >= 0 && at < stops.length)
			stops[at].focus();
	}

	form.addEventListener("keydown", function (event) {
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			move(event.key === "ArrowDown" ? 1 : -1);
		} else if (event.key === "Escape") {
			input.focus();
			close();
		}
	});
	form.addEventListener("submit", function (event) {
		event.preventDefault();
		var first = list.querySelector("a");
		if (first)
			location.href = first.href;
	});
	form.addEventListener("focusout", function (event) {
		if (event.relatedTarget && !form.contains(event.relatedTarget))
			close();
	});
	document.addEventListener("pointerdown", function (event) {
		if (!form.contains(event.target))
			close();
	});
	input.addEventListener("focus", function () {
		load();
		search();
	});
	input.addEventListener("input", search);
	form.hidden = false;
})();
